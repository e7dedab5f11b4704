import { createHash } from 'node:crypto';
import type { Template } from '../meta/model.js';
import { Dialog360Error } from './dialog360-error.js';

const MOST_ON_A_PAGE = 1_000;

type TemplateView = ReturnType<typeof templateView>;

/** What a list may be filtered and sorted by. */
const KEYS: Record<string, (template: TemplateView) => string> = {
  id: ({ id }) => id,
  'business_templates.name': ({ name }) => name,
  status: ({ status }) => status,
  category: ({ category }) => category,
  language: ({ language }) => language,
};

/**
 * `GET /v1/configs/templates` with `limit`, `offset`, `filters` (JSON) and `sort`. Statuses are in small letters.
 * @throws Dialog360Error that names the parameter and its rule.
 */
export function templatePage(templates: readonly Template[], query: Record<string, unknown>): object {
  const limit = readCount(query.limit, 'limit', { preset: MOST_ON_A_PAGE, most: MOST_ON_A_PAGE });
  const offset = readCount(query.offset, 'offset', { preset: 0, most: Number.MAX_SAFE_INTEGER });
  const filters = readFilters(query.filters);
  const sort = readSort(query.sort);
  const keep = (view: TemplateView): boolean =>
    Object.entries(filters).every(([key, value]) => KEYS[key]!(view) === value);
  const compare = (a: TemplateView, b: TemplateView): number => {
    const [one, other] = [KEYS[sort]!(a), KEYS[sort]!(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  };
  const found = templates.map(templateView).filter(keep).toSorted(compare);
  const page = found.slice(offset, offset + limit);
  return {
    count: page.length,
    filters,
    limit,
    offset,
    sort: [sort],
    total: found.length,
    waba_templates: page,
  };
}

/** The answer to a template that was handed in: it is on its way to Meta. */
export function createdTemplate(template: Template): object {
  return { ...templateView(template), status: 'submitted' };
}

function templateView({ id: external_id, wabaId, name, language, category, components, status }: Template) {
  return {
    // 360dialog counts templates by ids of its own; Meta's is the external one.
    id: createHash('sha256').update(external_id).digest('base64url').slice(0, 22),
    external_id,
    name,
    language,
    category,
    components,
    status: status.toLowerCase(),
    rejected_reason: status === 'REJECTED' ? 'INVALID_FORMAT' : 'NONE',
    waba_account_id: wabaId,
  };
}

function readCount(value: unknown, name: string, { preset, most }: { preset: number; most: number }): number {
  if (value === undefined) return preset;
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : -1;
  if (count < 0 || count > most)
    throw new Dialog360Error(400, `${name} must be a whole number up to ${most}`);
  return count;
}

function readFilters(value: unknown): Record<string, string> {
  const filters = value === undefined ? {} : objectIn(String(value));
  const known = ([key, wanted]: [string, unknown]): boolean =>
    Object.hasOwn(KEYS, key) && typeof wanted === 'string';
  if (filters && Object.entries(filters).every(known)) return filters as Record<string, string>;
  throw new Dialog360Error(400, `filters must be a JSON object of texts by ${Object.keys(KEYS).join(', ')}`);
}

function objectIn(json: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // the caller names the rule
  }
}

function readSort(value: unknown): string {
  if (value === undefined) return 'id';
  if (typeof value !== 'string' || !Object.hasOwn(KEYS, value)) {
    throw new Dialog360Error(400, `sort must be one of ${Object.keys(KEYS).join(', ')}`);
  }
  return value;
}
