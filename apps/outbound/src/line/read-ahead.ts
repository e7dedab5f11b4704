import { recipientOf } from '#core/messaging';
import type { ReadAhead } from '#queue';
import { lockRecipient } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';

/** Whatever stands in a recipient's line, its handler asks for these two first. */
export const readAhead: ReadAhead = (tx, { stream }, _known, now) => {
  const recipient = recipientOf(stream);
  if (!recipient) return;
  // Should one of them fail, so does the transaction.
  lockRecipient(tx, recipient, now).catch(() => undefined);
  findAccount(tx, recipient.channelAccountId).catch(() => undefined);
};
