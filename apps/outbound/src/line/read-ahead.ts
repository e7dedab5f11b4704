import { recipientOf } from '#core/messaging';
import type { ReadAhead } from '#queue';
import { isEmpty } from '../store/messages.js';
import { tryLockRecipient } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';

export interface LineAhead {
  /** The recipient is locked, and nothing is in its line. False when that is not known. */
  isEmpty: Promise<boolean>;
}

/** Most handlers of a recipient's stream ask for these first. */
export const readAhead: ReadAhead = (tx, { stream }): LineAhead | undefined => {
  const key = recipientOf(stream);
  if (!key) return undefined;
  const asked = [tryLockRecipient(tx, key), findAccount(tx, key.channelAccountId), isEmpty(tx, key)] as const;
  const known = Promise.all(asked).then(([recipient, , empty]) => recipient !== undefined && empty);
  // A statement that fails fails the transaction.
  for (const one of [...asked, known]) one.catch(() => undefined);
  return { isEmpty: known };
};
