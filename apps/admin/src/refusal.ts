/** Why it is refused. http/problem.filter.ts says which HTTP status that is. */
export type RefusalKind =
  /** Fields break rules. */
  | 'invalid'
  | 'forbidden'
  | 'not_found'
  /** It stands against something that is there already. */
  | 'conflict'
  /** It was changed since the caller read it. */
  | 'changed'
  /** The caller does not say which version it read. */
  | 'version_missing'
  /** Understood, but it cannot be done. */
  | 'impossible'
  /** A vendor did not answer. */
  | 'unreachable';

/** What was asked for is not done. */
export class Refusal extends Error {
  /**
   * @param code callers branch on it.
   * @param detail for people; it repeats nothing that was sent.
   * @param facts stand beside the code in the answer.
   */
  constructor(
    readonly kind: RefusalKind,
    readonly code: string,
    detail: string,
    readonly facts: object = {},
  ) {
    super(detail);
  }
}

/** One field that broke one rule. The value is never repeated: it may be a secret. */
export interface BrokenRule {
  field: string;
  rule: string;
  detail: string;
}

/** Keeps an answer small when its request was large. */
const MOST_ERRORS = 50;
const LONGEST = { field: 100, rule: 100, detail: 300 } as const;

/** Fields break rules. */
export class InvalidFields extends Refusal {
  readonly errors: readonly BrokenRule[];

  /** @param more fields beyond these that break a rule as well. */
  constructor(broken: readonly BrokenRule[], more = 0) {
    const errors = broken.slice(0, MOST_ERRORS).map(({ field, rule, detail }) => ({
      field: shorten(field, LONGEST.field),
      rule: shorten(rule, LONGEST.rule),
      detail: shorten(detail, LONGEST.detail),
    }));
    const fields = [...new Set(errors.map((e) => e.field))].join(', ');
    const left = broken.length - errors.length + more;
    const others = left > 0 ? `, and ${left} more` : '';
    super('invalid', 'validation_failed', `these fields break a rule: ${fields}${others}`, { errors });
    this.errors = errors;
  }
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
