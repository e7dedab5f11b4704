import type { WebhookRefusal } from '#core/tenancy';

/** What goes back to the sender. Anything but `ok` makes it send the webhook again. */
export type Answer =
  | { outcome: 'ok' }
  /** No detail: whoever cannot sign learns nothing, not even whether a merchant exists. */
  | { outcome: 'unsigned' }
  | { outcome: 'malformed'; reason: string }
  /** The merchant that signs here has sent more than its share. */
  | { outcome: 'too-many'; retryAfterSeconds: number };

/** Why the merchant that it concerns reads that it was refused; undefined for what was taken. */
export function refusalOf({ outcome }: Answer): WebhookRefusal | undefined {
  switch (outcome) {
    case 'ok':
      return undefined;
    case 'unsigned':
      return 'wrong_signature';
    case 'malformed':
      return 'malformed';
    case 'too-many':
      return 'too_many';
  }
}

export const ok: Answer = { outcome: 'ok' };
export const unsigned: Answer = { outcome: 'unsigned' };
export const malformed = (reason: string): Answer => ({ outcome: 'malformed', reason });

/** What may be an id of ours in a URL: of a merchant, an app, an account. Nothing else is ever looked up. */
export function isMerchantId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(text);
}
