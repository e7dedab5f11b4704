/**
 * A merchant's name for one of its accounts at a provider: the provider's kind, and words that tell several apart
 * (`acme`, `acme-sa`). It stands in webhook addresses and in orders, and is never given to another account.
 */
export const PAYMENT_ACCOUNT = /^(?<kind>[a-z][a-z0-9]{1,29})(-[a-z0-9]{1,20}){0,3}$/;

/** Kind of the provider that an account is at. @throws Error for a name that no account can have. */
export function providerKindOf(account: string): string {
  const kind = PAYMENT_ACCOUNT.exec(account)?.groups?.kind;
  if (kind === undefined) throw new Error(`no account is called ${account}`);
  return kind;
}

/** A payment goes to this account when all that the route names is so. */
export interface PaymentRoute {
  country?: string;
  currency?: string;
  /** Key of the account, see {@link PAYMENT_ACCOUNT}. */
  provider: string;
}

/** What a payment is for: where the goods are sold to (ISO 3166-1 alpha-2), and what they are priced in (ISO 4217). */
export interface PaymentPlace {
  country: string;
  currency: string;
}

export type PaymentChoice =
  | { outcome: 'account'; account: string }
  /** No route is for this payment. */
  | { outcome: 'no_route' }
  /** The route names an account that is not there. Another one is not taken: it may be of another legal entity. */
  | { outcome: 'not_connected'; account: string };

/**
 * The account that a payment goes to: of the route that names both country and currency, else the one that names the
 * currency, else the country, else the one that names neither. Without any routes, the first account that has its provider's
 * kind for a name. `connected`: in the order in which they were connected.
 */
export function choosePaymentAccount(
  routes: readonly PaymentRoute[],
  connected: readonly string[],
  { country, currency }: PaymentPlace,
): PaymentChoice {
  const account = routes.length === 0 ? plain(connected) : routed(routes, country, currency);
  if (account === undefined) return { outcome: 'no_route' };
  return connected.includes(account)
    ? { outcome: 'account', account }
    : { outcome: 'not_connected', account };
}

/** Why no payment can be taken, for people; undefined when one can. */
export function whyNoAccount(choice: PaymentChoice, { country, currency }: PaymentPlace): string | undefined {
  switch (choice.outcome) {
    case 'account':
      return undefined;
    case 'no_route':
      return `no route is for orders in ${currency} to ${country}`;
    case 'not_connected':
      return `orders in ${currency} to ${country} are routed to ${choice.account}, which is not connected`;
  }
}

/**
 * Why payments could fail: of orders at `place`, if that is known, or of any that a route is for. Undefined: every route
 * leads to an account. `connect`: the account that is not there.
 */
export function routingFault(
  routes: readonly PaymentRoute[],
  connected: readonly string[],
  place: PaymentPlace | undefined,
): { why: string; connect?: string } | undefined {
  const choice = place && choosePaymentAccount(routes, connected, place);
  if (choice && choice.outcome !== 'account') {
    const why = whyNoAccount(choice, place)!;
    return choice.outcome === 'not_connected' ? { why, connect: choice.account } : { why };
  }
  const lost = routes.find((route) => !connected.includes(route.provider))?.provider;
  return lost === undefined
    ? undefined
    : { why: `a route names ${lost}, which is not connected`, connect: lost };
}

/**
 * What is wrong with routes as a merchant gives them: each must lead to an account that is connected, and orders at `place` must
 * have one. Without any account there is nothing to lead to yet.
 */
export function checkRoutes(
  routes: readonly PaymentRoute[],
  connected: readonly string[],
  place: PaymentPlace,
): { field: string; rule: string; detail: string }[] {
  const lost = routes.flatMap(({ provider }, index) =>
    connected.includes(provider)
      ? []
      : [
          {
            field: `payments.routes.${index}.provider`,
            rule: 'connected',
            detail: 'provider must be the key of a payment account that is connected',
          },
        ],
  );
  if (lost.length > 0 || connected.length === 0) return lost;
  if (choosePaymentAccount(routes, connected, place).outcome === 'account') return [];
  const { country, currency } = place;
  const orders = `orders in ${currency} to ${country}, which is what the merchant sells now`;
  const detail =
    routes.length === 0
      ? `routes must not be empty: no account is called by its provider's kind alone, so that ${orders}, have none`
      : `routes must lead ${orders}, to an account`;
  return [{ field: 'payments.routes', rule: 'route', detail }];
}

function plain(connected: readonly string[]): string | undefined {
  return connected.find((account) => account === PAYMENT_ACCOUNT.exec(account)?.groups?.kind);
}

function routed(routes: readonly PaymentRoute[], country: string, currency: string): string | undefined {
  const weight = (route: PaymentRoute): number => (route.currency ? 2 : 0) + (route.country ? 1 : 0);
  return routes
    .filter((r) => (r.country ?? country) === country && (r.currency ?? currency) === currency)
    .toSorted((a, b) => weight(b) - weight(a))[0]?.provider;
}
