import { IsUrl } from 'class-validator';

/** A variable of the environment that says how a vendor is reached, or what its webhooks are signed with. */
export interface Variable {
  name: string;
  default?: string;
  /** Decorators of class-validator. */
  rules: readonly PropertyDecorator[];
}

/** Where a vendor is reached: its real address, unless the environment says another one. */
export function addressOf(name: string, real: string): Variable {
  const http = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };
  return { name, default: real, rules: [IsUrl(http, { message: `${name} must be an http(s) URL` })] };
}
