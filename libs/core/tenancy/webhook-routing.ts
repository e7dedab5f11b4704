import type { MerchantStatus } from './merchant-status.js';

/** Why an item of a webhook could not be led to one enabled merchant. */
export type Unroutable =
  | 'no_sender'
  | 'no_account'
  | 'unknown_sender'
  | 'unknown_account'
  | 'accounts_disagree'
  | 'another_merchants_app'
  | 'disabled'
  | 'closed';

export type Routed =
  | { outcome: 'merchant'; merchantId: string; channelAccountId: string | undefined }
  | { outcome: 'quarantined'; reason: Unroutable };

/** Where an account leads: a business account, a page. */
export interface AccountRoute {
  merchantId: string;
  enabled: boolean;
  status: MerchantStatus;
}

/** Where a sender leads: a phone number, a page. */
export interface SenderRoute extends AccountRoute {
  channelAccountId: string;
  accountId: string;
}

/** Whether an item is led by its account: what is about no sender, such as a template's approval. */
export function isOfAccount(kind: string, senderId: string | undefined): boolean {
  return (kind === 'template' || kind === 'ignored') && senderId === undefined;
}

/** One app secret serves many merchants, so that both ids must lead to the same one. */
export function judgeSender(
  senderId: string | undefined,
  accountId: string | undefined,
  route: SenderRoute | undefined,
): Routed {
  if (senderId === undefined) return quarantined('no_sender');
  if (accountId === undefined) return quarantined('no_account');
  if (!route) return quarantined('unknown_sender');
  if (route.accountId !== accountId) return quarantined('accounts_disagree');
  return admit(route, route.channelAccountId);
}

/** `routes`: of all merchants that have the account; there must be one. */
export function judgeAccount(accountId: string | undefined, routes: readonly AccountRoute[]): Routed {
  if (accountId === undefined) return quarantined('no_account');
  const [route, another] = routes;
  if (!route) return quarantined('unknown_account');
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
