import type { MerchantStatus } from './merchant-status.js';

/** Why an item of a webhook could not be led to one enabled merchant. */
export type Unroutable =
  | 'no_phone_number'
  | 'no_business_account'
  | 'unknown_phone_number'
  | 'unknown_business_account'
  | 'accounts_disagree'
  | 'another_merchants_app'
  | 'disabled'
  | 'closed';

export type Routed =
  | { outcome: 'merchant'; merchantId: string; channelAccountId: string | undefined }
  | { outcome: 'quarantined'; reason: Unroutable };

/** Where a business account leads. */
export interface AccountRoute {
  merchantId: string;
  enabled: boolean;
  status: MerchantStatus;
}

/** Where a phone number leads. */
export interface NumberRoute extends AccountRoute {
  channelAccountId: string;
  businessAccountId: string;
}

/** Whether an item is led by its business account: what is about no number, such as a template's approval. */
export function isOfAccount(kind: string, phoneNumberId: string | undefined): boolean {
  return (kind === 'template' || kind === 'ignored') && phoneNumberId === undefined;
}

/** One app secret serves many merchants, so that both ids must lead to the same one. */
export function judgeNumber(
  phoneNumberId: string | undefined,
  businessAccountId: string | undefined,
  route: NumberRoute | undefined,
): Routed {
  if (phoneNumberId === undefined) return quarantined('no_phone_number');
  if (businessAccountId === undefined) return quarantined('no_business_account');
  if (!route) return quarantined('unknown_phone_number');
  if (route.businessAccountId !== businessAccountId) return quarantined('accounts_disagree');
  return admit(route, route.channelAccountId);
}

/** `routes`: of all merchants that have the business account; there must be one. */
export function judgeAccount(businessAccountId: string | undefined, routes: readonly AccountRoute[]): Routed {
  if (businessAccountId === undefined) return quarantined('no_business_account');
  const [route, another] = routes;
  if (!route) return quarantined('unknown_business_account');
  if (another) return quarantined('accounts_disagree');
  return admit(route, undefined);
}

/**
 * Nobody may speak for another merchant's number: whoever brings an app can sign anything with its secret.
 * `signedBy`: the merchant that brought the app; undefined for the platform's.
 */
export function heldTo(signedBy: string | undefined, routed: Routed): Routed {
  if (routed.outcome === 'quarantined' || signedBy === undefined) return routed;
  return routed.merchantId === signedBy ? routed : quarantined('another_merchants_app');
}

/** A suspended merchant's webhooks are journaled all the same: what it may do is decided where it is done. */
function admit(route: AccountRoute, channelAccountId: string | undefined): Routed {
  if (!route.enabled) return quarantined('disabled');
  if (route.status === 'closed') return quarantined('closed');
  return { outcome: 'merchant', merchantId: route.merchantId, channelAccountId };
}

function quarantined(reason: Unroutable): Routed {
  return { outcome: 'quarantined', reason };
}
