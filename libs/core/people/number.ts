/** A contact that is, or was, known by a number. */
export interface NumberHolder {
  contactId: string;
  /** The channel that verified the number; null: none that is known. */
  channel: string | null;
  userIds: readonly string[];
  /** When it last wrote from the number, verified: by the channel's clock. Null: the number is not its own any more. */
  verifiedAt: Date | null;
  /** It is part of a person by this number. */
  isJoined: boolean;
}

/** What led to the contact of the writer. */
export interface WayToWriter {
  /** Another contact on the same account had the number before. */
  tookOver: boolean;
  /** When the contact last wrote from the number before, verified, if the number alone led to it; else null. */
  numberSince: Date | null;
}

export interface NumberJudgement {
  /** Of the channel's user ids that the writer shares with others: those who have them. */
  byUserId: { contactId: string; userId: string }[];
  /** Who else is one with the writer, by the number. */
  byNumber: string[];
  /** Of whom the number proves nothing any more. */
  left: string[];
}

const DAY_MS = 24 * 3_600_000;
/**
 * For so long after it was verified a number tells that two contacts are one, in milliseconds. A number that was given up is given
 * to nobody else for 45 days at least in the United States: 47 CFR 52.15(f)(1)(ii). Elsewhere it is often longer.
 */
export const NUMBER_HOLDS_MS = 45 * DAY_MS;

/**
 * Who else is the one that now writes from a number, and whom the number has left.
 *
 * - User ids are a channel's own, and belong to one person for ever: who shares one with the writer is the writer.
 * - Of two contacts on one channel that each have a user id, and share none, the number has passed on from one to the other. It
 *   has also passed on when a contact of the writer's own account had it before (`tookOver`), or one that is joined by it
 *   has it no more. Then the number tells of nobody else, and has left all others.
 * - Otherwise whoever wrote from it within 45 days of the writer is the same person. Those who are joined by it count as one: it
 *   is enough that one of them did, or that the writer is one of them.
 * - A writer to whom the number alone leads, after more than 45 days, may be anybody, and is not one of them any more.
 * - Those who are joined by the number, and are not the writer, are joined by it no more: it proves one person only.
 * - When somebody wrote from it more than 45 days after the writer, the message is a late one, and its number tells nothing.
 */
export function judgeNumber(
  writer: NumberHolder,
  others: readonly NumberHolder[],
  { tookOver, numberSince }: WayToWriter,
): NumberJudgement {
  const isNear = (at: Date | null): boolean =>
    at !== null &&
    writer.verifiedAt !== null &&
    Math.abs(writer.verifiedAt.getTime() - at.getTime()) <= NUMBER_HOLDS_MS;
  const isLate = others.some(({ verifiedAt }) => verifiedAt !== null && isLongAfter(verifiedAt, writer));
  const hasPassedOn = tookOver || others.some((other) => other.verifiedAt === null || areTwo(writer, other));
  const isOneOfThem = writer.isJoined && (numberSince === null || isNear(numberSince));
  const areTheWriter = isOneOfThem || others.some((other) => other.isJoined && isNear(other.verifiedAt));

  const judgement: NumberJudgement = { byUserId: [], byNumber: [], left: [] };
  for (const other of others) {
    const { contactId } = other;
    const userId = sharedUserId(writer, other);
    if (userId !== undefined) judgement.byUserId.push({ contactId, userId });
    const isSame = other.isJoined ? areTheWriter : isNear(other.verifiedAt);
    if (isLate) continue;
    if (!hasPassedOn && isSame) judgement.byNumber.push(contactId);
    else if (userId === undefined && (hasPassedOn || other.isJoined)) judgement.left.push(contactId);
  }
  return judgement;
}

function isLongAfter(at: Date, { verifiedAt }: NumberHolder): boolean {
  return verifiedAt !== null && at.getTime() - verifiedAt.getTime() > NUMBER_HOLDS_MS;
}

function sharedUserId(a: NumberHolder, b: NumberHolder): string | undefined {
  if (a.channel === null || a.channel !== b.channel) return undefined;
  return a.userIds.find((id) => b.userIds.includes(id));
}

function areTwo(a: NumberHolder, b: NumberHolder): boolean {
  const bothHave = a.userIds.length > 0 && b.userIds.length > 0;
  return bothHave && a.channel !== null && a.channel === b.channel && sharedUserId(a, b) === undefined;
}
