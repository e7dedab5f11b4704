import type { TemplateRules } from './channel-rules.js';

/** A merchant's template for a purpose, with what the channel last said of it. */
export interface TemplateCandidate {
  id: string;
  name: string;
  language: string;
  /** The channel's word for it, or one of its rules' for what a refusal said; null: never told, so it may be tried. */
  state: string | null;
  /** A state that we inferred from a refusal is doubted from here on. */
  recheckAt: Date | null;
}

export function isSendable(
  rules: TemplateRules | null,
  template: Pick<TemplateCandidate, 'state' | 'recheckAt'>,
  now: Date,
): boolean {
  if (!rules) return false;
  if (template.state === null || rules.sendable.includes(template.state)) return true;
  return template.recheckAt !== null && template.recheckAt <= now;
}

/**
 * The template to send, of those for one purpose: in the merchant's language, else in another form of the same
 * language (`en_GB` for `en`). One that may be sent goes before one that may not.
 */
export function chooseTemplate(
  rules: TemplateRules | null,
  candidates: readonly TemplateCandidate[],
  language: string,
  now: Date,
): TemplateCandidate | null {
  const base = (code: string): string => code.split('_')[0]!;
  const rank = (t: TemplateCandidate): number =>
    (isSendable(rules, t, now) ? 0 : 2) + (t.language === language ? 0 : 1);
  const fitting = candidates.filter((t) => base(t.language) === base(language));
  return fitting.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}
