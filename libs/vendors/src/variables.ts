import { clockFromEnv, urlPolicyFromEnv, type BaseEnv } from '#platform';
import type { Means, Variable, Vendor } from './kit.js';

type Env = new () => object;

/** The class with one more property for each variable: they are read, checked and named in errors like its own. */
export function withVariables<E extends Env>(base: E, variables: readonly Variable[]): E {
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  class WithVariables extends (base as Env) {
    constructor() {
      super();
      for (const variable of known.values()) Object.assign(this, { [variable.name]: variable.default });
    }
  }
  for (const { name, rules } of known.values()) {
    for (const rule of rules) rule(WithVariables.prototype, name);
  }
  return WithVariables as E;
}

/** Of whoever calls these vendors. */
export function variablesOf(vendors: readonly Vendor[]): Variable[] {
  return vendors.flatMap((vendor) => [...vendor.variables]);
}

/** What clients of a vendor are made with, from the environment of a service that has its variables. */
export function meansOf(env: BaseEnv, rest: Pick<Means, 'timeoutMs' | 'fetch'>): Means {
  const variables = env as BaseEnv & Record<string, string | undefined>;
  return { variables, urls: urlPolicyFromEnv(env), clock: clockFromEnv(env), ...rest };
}
