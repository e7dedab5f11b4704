import { IsInt, IsOptional, IsString, IsUrl, Max, Min } from 'class-validator';
import { AreRandomKeys, ServiceEnv, servicePort } from '#platform';
import { PAYMENT_PROVIDERS, STORES, variablesOf, withVariables } from '#vendors';

const ANY_URL = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };

/** How this service reaches shops and payment providers. */
const OF_PARTNERS = variablesOf([...STORES, ...PAYMENT_PROVIDERS]);

export class CheckoutEnv extends withVariables(ServiceEnv, OF_PARTNERS) {
  /** Where customers reach this service; links begin with it. Unset: this machine. */
  @IsOptional()
  @IsUrl(ANY_URL, { message: 'PUBLIC_URL must be an http or https address' })
  PUBLIC_URL?: string;

  /** Keys that encrypt checkout links: `id:base64` of 32 bytes, the current one first, comma between. */
  @AreRandomKeys({ besidesMasterKeys: true })
  @IsString()
  CHECKOUT_LINK_KEYS: string;

  /** How long stock is held for a customer who has not opened the payment page, in minutes. */
  @IsInt()
  @Min(5)
  @Max(1_440)
  HOLD_MINUTES: number = 45;
}

export function publicUrl(env: CheckoutEnv): string {
  const port = env.PORT ?? servicePort('checkout', env.WACO_PORT_BASE);
  return (env.PUBLIC_URL ?? `http://localhost:${port}`).replace(/\/+$/, '');
}
