import { GraphError } from './graph-error.js';
import type { Json, Page, PhoneNumber, Template, Waba } from './model.js';

/** What `GET /<id>?fields=` can answer for phone numbers and accounts, and the listing of templates. */

export function phoneNode(waba: Waba, number: PhoneNumber): Json {
  return {
    id: number.id,
    display_phone_number: number.displayPhoneNumber,
    verified_name: number.verifiedName,
    name_status: 'APPROVED',
    code_verification_status: 'VERIFIED',
    quality_rating: 'GREEN',
    platform_type: 'CLOUD_API',
    status: 'CONNECTED',
    account_mode: 'LIVE',
    throughput: { level: (number.throughput ?? 80) > 80 ? 'HIGH' : 'STANDARD' },
    whatsapp_business_manager_messaging_limit: waba.tier ?? 'TIER_UNLIMITED',
    health_status: health([
      { entity_type: 'PHONE_NUMBER', id: number.id },
      { entity_type: 'WABA', id: waba.wabaId },
      { entity_type: 'BUSINESS', id: waba.portfolioId },
      { entity_type: 'APP', id: waba.appId },
    ]),
  };
}

export function wabaNode(waba: Waba): Json {
  return {
    id: waba.wabaId,
    name: waba.name,
    currency: 'USD',
    timezone_id: '1',
    account_review_status: 'APPROVED',
    owner_business_info: { id: waba.portfolioId, name: waba.name },
    whatsapp_business_manager_messaging_limit: waba.tier ?? 'TIER_UNLIMITED',
    health_status: health([
      { entity_type: 'WABA', id: waba.wabaId },
      { entity_type: 'BUSINESS', id: waba.portfolioId },
      { entity_type: 'APP', id: waba.appId },
    ]),
    phone_numbers: { data: waba.phoneNumbers.map((n) => pick(phoneNode(waba, n))) },
  };
}

/** Source: developers.facebook.com/docs/graph-api/reference/page */
export function pageNode({ pageId: id, name, instagramAccountId }: Page): Json {
  return { id, name, instagram_business_account: instagramAccountId && { id: instagramAccountId } };
}

export function templateNode(template: Template): Json {
  return {
    id: template.id,
    name: template.name,
    language: template.language,
    status: template.status,
    category: template.category,
    parameter_format: template.parameterFormat,
    components: template.components,
    quality_score: { score: 'UNKNOWN' },
  };
}

/** The fields asked for, `id` always; without `fields` the few that Meta gives by default. */
export function pick(node: Json, fields?: unknown): Json {
  const names = fields === undefined ? DEFAULT_FIELDS.filter((name) => name in node) : fieldsOf(fields);
  for (const name of names) {
    if (!(name in node)) throw new GraphError(100, `Tried accessing nonexisting field (${name})`);
  }
  return Object.fromEntries([...new Set([...names, 'id'])].map((name) => [name, node[name]]));
}

/** The names in `?fields=`, which may be given more than once. */
export function fieldsOf(fields: unknown): string[] {
  return String(fields)
    .split(',')
    .map((name) => name.trim());
}

const DEFAULT_FIELDS = [
  'name',
  'timezone_id',
  'verified_name',
  'code_verification_status',
  'display_phone_number',
  'quality_rating',
  'platform_type',
  'throughput',
];

export interface TemplateQuery {
  name?: string;
  language?: string;
  status?: string;
  fields?: string;
  limit?: string;
  after?: string;
}

/** One page of templates; `after` is the cursor of the page before. */
export function templatePage(templates: Template[], query: TemplateQuery): Json {
  const wanted = templates.filter(
    (t) =>
      (query.name === undefined || t.name === query.name) &&
      (query.language === undefined || t.language === query.language) &&
      (query.status === undefined || t.status === query.status),
  );
  const limit = Math.max(1, Math.min(Number(query.limit ?? 25) || 25, 250));
  const start = query.after ? wanted.findIndex((t) => cursor(t) === query.after) + 1 : 0;
  const page = wanted.slice(start, start + limit);
  const nodes = page.map((t) => (query.fields ? pick(templateNode(t), query.fields) : templateNode(t)));
  if (page.length === 0) return { data: nodes };
  const cursors = { before: cursor(page[0]!), after: cursor(page.at(-1)!) };
  return {
    data: nodes,
    paging: { cursors, ...(start + limit < wanted.length ? { next: cursors.after } : {}) },
  };
}

function cursor(template: Template): string {
  return Buffer.from(template.id).toString('base64url');
}

function health(entities: Json[]): Json {
  return {
    can_send_message: 'AVAILABLE',
    entities: entities.map((entity) => ({ ...entity, can_send_message: 'AVAILABLE' })),
  };
}
