/** A merchant's template for a purpose, with what the channel last said of it. */
export interface TemplateCandidate {
  id: string;
  name: string;
  language: string;
  /** Meta's word (APPROVED, PAUSED, …) or ours (MISMATCH); null: never told, so it may be tried. */
  state: string | null;
  /** A state that we inferred from a refusal is doubted from here on. */
  recheckAt: Date | null;
}

const SENDABLE = new Set(['APPROVED', 'REINSTATED', 'FLAGGED', 'UNPAUSED', 'IN_APPEAL']);

export function isSendable(template: TemplateCandidate, now: Date): boolean {
  if (template.state === null || SENDABLE.has(template.state)) return true;
  return template.recheckAt !== null && template.recheckAt <= now;
}

/**
 * The template to send, of those for one purpose: in the merchant's language, else in another form of the same
 * language (`en_GB` for `en`). One that may be sent goes before one that may not.
 */
export function chooseTemplate(
  candidates: readonly TemplateCandidate[],
  language: string,
  now: Date,
): TemplateCandidate | null {
  const base = (code: string): string => code.split('_')[0]!;
  const rank = (t: TemplateCandidate): number =>
    (isSendable(t, now) ? 0 : 2) + (t.language === language ? 0 : 1);
  const fitting = candidates.filter((t) => base(t.language) === base(language));
  return fitting.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}
