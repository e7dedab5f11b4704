import { recipientOf } from '#core/messaging';
import type { ReadAhead } from '#queue';
import { lockHead, type Message } from '../store/messages.js';
import { lockRecipient } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';

/** What a recipient's line stands at; of one that was merged into another, its own. */
export interface LineAhead {
  head: Promise<Message | undefined>;
}

/** Whatever stands in a recipient's stream, its handler asks for these first. */
export const readAhead: ReadAhead = (tx, { stream }, _known, now): LineAhead | undefined => {
  const key = recipientOf(stream);
  if (!key) return undefined;
  const recipient = lockRecipient(tx, key, now);
  const account = findAccount(tx, key.channelAccountId);
  const head = lockHead(tx, key);
  // Should one of them fail, so does the transaction.
  for (const asked of [recipient, account, head]) asked.catch(() => undefined);
  return { head };
};
