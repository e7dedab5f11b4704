import { GraphError, graphRefusal } from './graph-error.js';
import { fieldsOf } from './graph-nodes.js';
import type { Json } from './model.js';
import { readList, readObject, readOneOf, readText, readUrl } from './shape.js';

/** A business's profile, which opens when a customer taps on its name. */
export interface BusinessProfile {
  about?: string;
  address?: string;
  description?: string;
  email?: string;
  vertical?: string;
  websites?: string[];
}

/** Limits of `POST /<PHONE_NUMBER_ID>/whatsapp_business_profile`, from Meta's page on business profiles. */
const LONGEST = { about: 139, address: 256, description: 512, email: 128, website: 256 };
const WEBSITES = 2;
const VERTICALS = [
  ...['UNDEFINED', 'OTHER', 'AUTO', 'BEAUTY', 'APPAREL', 'EDU', 'ENTERTAIN', 'EVENT_PLAN', 'FINANCE'],
  ...['GROCERY', 'GOVT', 'HOTEL', 'HEALTH', 'NONPROFIT', 'PROF_SERVICES', 'RETAIL', 'TRAVEL', 'RESTAURANT'],
  ...['ALCOHOL', 'ONLINE_GAMBLING', 'PHYSICAL_GAMBLING', 'OTC_DRUGS', 'NOT_A_BIZ', ''],
] as const;

const FIELDS = [
  'about',
  'address',
  'description',
  'email',
  'profile_picture_url',
  'websites',
  'vertical',
] as const;

/** The profile with what the call changes. @throws GraphError */
export function changeProfile(profile: BusinessProfile, body: unknown): BusinessProfile {
  const given = readObject(body, 'request', {
    required: ['messaging_product'],
    optional: ['about', 'address', 'description', 'email', 'vertical', 'websites', 'profile_picture_handle'],
  });
  readOneOf(given.messaging_product, 'messaging_product', ['whatsapp']);
  if (given.profile_picture_handle !== undefined) {
    throw new GraphError(
      100,
      "Parameter 'profile_picture_handle' is not a handle: the sandbox has no resumable upload",
    );
  }
  const changed: BusinessProfile = { ...profile };
  if (given.about !== undefined) {
    changed.about = readText(given.about, 'about', { max: LONGEST.about, code: 100 });
  }
  for (const field of ['address', 'description', 'email'] as const) {
    if (given[field] !== undefined) changed[field] = readOrClear(given[field], field);
  }
  if (changed.email && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(changed.email)) {
    throw new GraphError(100, "Parameter 'email' is not an email address");
  }
  if (given.vertical !== undefined) changed.vertical = readOneOf(given.vertical, 'vertical', VERTICALS);
  if (given.websites !== undefined) {
    changed.websites = readList(given.websites, 'websites', 0, WEBSITES, 100).map((site, i) =>
      readUrl(site, `websites[${i}]`, LONGEST.website, 100),
    );
  }
  return changed;
}

function readOrClear(value: unknown, field: 'address' | 'description' | 'email'): string {
  return value === '' ? '' : readText(value, field, { max: LONGEST[field], code: 100 });
}

/** What `GET /<PHONE_NUMBER_ID>/whatsapp_business_profile` answers: of the fields asked for, those that are set. */
export function profileNode(profile: BusinessProfile, fields?: unknown): Json {
  const asked: readonly string[] = fields === undefined ? FIELDS : fieldsOf(fields);
  for (const name of asked) {
    const known = name === 'messaging_product' || (FIELDS as readonly string[]).includes(name);
    if (!known) throw graphRefusal(`Tried accessing nonexisting field (${name.slice(0, 100)})`);
  }
  const set = Object.entries(profile).filter(
    ([name, value]) => asked.includes(name) && value !== undefined && value !== '',
  );
  return { data: [{ ...Object.fromEntries(set), messaging_product: 'whatsapp' }] };
}
