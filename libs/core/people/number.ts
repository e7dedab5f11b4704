/** A contact that is, or was, known by a number. */
export interface NumberHolder {
  contactId: string;
  /** The channel that verified the number; null: none that is known. */
  channel: string | null;
  userIds: readonly string[];
  /** When it last wrote from the number, verified; null: the number is not its own any more. */
  seenAt: Date | null;
  /** It is part of a person by this number. */
  isJoined: boolean;
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
 * - User ids are a channel's own, and belong to one person for ever. Of two contacts on one channel that each have one, and share
 *   none, the number has passed on from one to the other. It has also passed on when a contact of the writer's own account
 *   had it before (`tookOver`), or one that is joined by it has it no more.
 * - A number that has passed on tells of nobody but those who share a user id with the writer: they are one, and it has left all
 *   others.
 * - Otherwise whoever wrote from it within the last 45 days is the same person, and so is who was joined by it before.
 */
export function judgeNumber(
  writer: NumberHolder,
  others: readonly NumberHolder[],
  { tookOver, now }: { tookOver: boolean; now: Date },
): { same: string[]; left: string[] } {
  const hasPassedOn = tookOver || others.some((other) => other.seenAt === null || areTwo(writer, other));
  const isSame = (other: NumberHolder): boolean => {
    if (other.seenAt === null) return false;
    if (shareUserId(writer, other)) return true;
    if (hasPassedOn) return false;
    return other.isJoined || now.getTime() - other.seenAt.getTime() <= NUMBER_HOLDS_MS;
  };
  const idsOf = (holders: readonly NumberHolder[]): string[] => holders.map(({ contactId }) => contactId);
  return {
    same: idsOf(others.filter(isSame)),
    left: hasPassedOn ? idsOf(others.filter((other) => !isSame(other))) : [],
  };
}

function shareUserId(a: NumberHolder, b: NumberHolder): boolean {
  return a.channel !== null && a.channel === b.channel && a.userIds.some((id) => b.userIds.includes(id));
}

function areTwo(a: NumberHolder, b: NumberHolder): boolean {
  const bothHave = a.userIds.length > 0 && b.userIds.length > 0;
  return bothHave && a.channel !== null && a.channel === b.channel && !shareUserId(a, b);
}
