/** What of a merchant's sends webhooks. */
export interface WebhookSender {
  merchantId: string;
  /** `channel_app`: an app that a merchant brought, whose webhooks are of any of its accounts. */
  port: 'channel' | 'channel_app' | 'payment' | 'store';
  /** The vendor, as the journal calls what it sends. */
  kind: string;
  /**
   * Of a channel account or an app its id, of a payment account the merchant's key, of a shop nothing more than its kind.
   * Empty: the address names an account that the merchant does not have.
   */
  id: string;
}

/** Why a webhook was not taken. */
export const WEBHOOK_REFUSALS = {
  no_signature: 'it had no signature, or one of another form',
  wrong_signature: 'its signature does not match',
  malformed: 'its body is not what the vendor documents',
  too_large: 'its body was too large',
  too_many: 'there were more than one merchant may send',
  unknown_account: 'its address names an account that is not connected',
  disabled: 'the account is switched off',
} as const;
export type WebhookRefusal = keyof typeof WEBHOOK_REFUSALS;

/** One refused webhook: nothing of what it said. */
export interface RefusedWebhook {
  at: Date;
  reason: WebhookRefusal;
  /** With `:merchant` and the like where ids stand. */
  route: string;
  /** Of the body, as far as it is known. */
  bytes: number | null;
}

/** Refusals of one sender with less than a day between them. */
export interface Refusals {
  count: number;
  since: Date;
  lastAt: Date;
  reasons: Partial<Record<WebhookRefusal, number>>;
}

/** Whether the vendor brings webhooks to us. `why` is for people and holds no secret. */
export type Subscribed =
  | { state: 'yes' }
  | { state: 'no'; why: string }
  /** The vendor cannot be asked, or does not say. */
  | { state: 'unknown'; why: string };

/** What is known of the way from one connection to us. */
export interface WebhookFacts {
  /** As people call it, e.g. `shop`. */
  what: string;
  subscribed: Subscribed;
  /** To the minute. */
  lastReceivedAt: Date | null;
  refused: Refusals | null;
}

/** What a stray caller is refused for, who does not sign as the vendor does. */
const STRAYS: readonly WebhookRefusal[] = ['no_signature', 'too_large', 'unknown_account'];

/**
 * Whether webhooks reach us. Refusals count as long as nothing was accepted after the last of them: a sender whose secret is
 * wrong is never accepted, and one that is right is soon accepted again. What a stray caller is refused for says that they do
 * not reach us only if none was ever accepted; after one was, it leaves a doubt. Requests to an account that is not connected leave
 * no more than a doubt. The vendor's word on where it sends says nothing of the secret, and lifts neither.
 */
export function judgeWebhooks({ what, subscribed, lastReceivedAt, refused }: WebhookFacts):
  | { state: 'proven' }
  /** Nothing speaks against it, and nothing has come yet. */
  | { state: 'unproven'; why: string }
  | { state: 'not_subscribed'; why: string }
  /** Some were refused, but perhaps none of the vendor's. */
  | { state: 'doubtful'; why: string; reason: WebhookRefusal }
  | { state: 'refused'; why: string; reason: WebhookRefusal } {
  if (subscribed.state === 'no') return { state: 'not_subscribed', why: subscribed.why };
  if (refused && (lastReceivedAt === null || lastReceivedAt < refused.lastAt)) {
    const reasons = Object.entries(refused.reasons) as [WebhookRefusal, number][];
    const [most] = reasons.toSorted(([, a], [, b]) => b - a)[0] ?? (['wrong_signature'] as const);
    // A stray's are easily more, and never what has to be mended.
    const reason = refused.reasons.wrong_signature ? 'wrong_signature' : most;
    const many = refused.count === 1 ? '1 webhook was' : `${refused.count} webhooks were`;
    const told = reasons.map(([one, count]) => `${WEBHOOK_REFUSALS[one]} (${count})`).join('; ');
    const why = `${many} refused since ${minute(refused.since)}, and none of the ${what} was accepted after that: ${told}`;
    const isStray = reasons.every(([one]) => STRAYS.includes(one));
    // A shop may send before it is connected here.
    const isForAnother = reasons.every(([one]) => one === 'unknown_account');
    const isDoubt = isForAnother || (isStray && lastReceivedAt !== null);
    return { state: isDoubt ? 'doubtful' : 'refused', why, reason };
  }
  if (subscribed.state === 'yes' || lastReceivedAt !== null) return { state: 'proven' };
  return { state: 'unproven', why: `no webhook of the ${what} has come yet; ${subscribed.why}` };
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
