import fc from 'fast-check';
import type { ChannelItem } from '#vendors/kit';
import { splitWebhook } from './inbound.js';

const receivedAt = new Date('2026-11-21T12:00:00.000Z');
const metadata = { phone_number_id: '106' };

function split(entry: unknown[]): ChannelItem[] {
  return splitWebhook({ object: 'whatsapp_business_account', entry }, receivedAt);
}
const ofValue = (value: unknown): ChannelItem[] =>
  split([{ id: '102', changes: [{ field: 'messages', value }] }]);

const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });
const TYPES = [
  'text',
  'image',
  'interactive',
  'button',
  'order',
  'location',
  'contacts',
  'reaction',
  'system',
  'edit',
  'revoke',
  'constructor',
  '__proto__',
];
/** An object with the right keys and anything behind them. */
const likeAMessage = fc.constantFrom(...TYPES).chain((type) =>
  fc.record(
    {
      id: fc.oneof(fc.string({ minLength: 1 }), json),
      from: fc.oneof(fc.constant('971501234567'), json),
      from_user_id: json,
      timestamp: fc.oneof(fc.nat().map(String), json),
      type: fc.oneof(fc.constant(type), json),
      [type]: json,
      context: json,
      errors: json,
    },
    { requiredKeys: [] },
  ),
);
const likeAStatus = fc.record(
  {
    id: json,
    status: json,
    timestamp: json,
    errors: json,
    pricing: json,
    biz_opaque_callback_data: json,
    type: json,
  },
  { requiredKeys: [] },
);

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([k, v]) => [k, ...stringsIn(v)]);
}

describe('whatever Meta sends inside a body', () => {
  it('never throws, and every item can be stored', () => {
    const value = fc.record(
      {
        metadata: fc.oneof(fc.constant(metadata), json),
        contacts: json,
        messages: fc.oneof(fc.array(likeAMessage), json),
        statuses: fc.oneof(fc.array(likeAStatus), json),
        errors: json,
        standby: json,
        message_template_name: json,
        message_template_language: json,
        event: json,
      },
      { requiredKeys: [] },
    );
    const entry = fc.oneof(
      json,
      fc.record(
        {
          id: json,
          time: json,
          changes: fc.oneof(json, fc.array(fc.record({ field: json, value: fc.oneof(value, json) }))),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        const items = split(entries);
        expect(entries.length === 0 || items.length > 0).toBe(true);
        for (const item of items) {
          expect(item.externalId.length).toBeLessThanOrEqual(500);
          expect(item.occurredAt.getTime()).not.toBeNaN();
          const written = stringsIn(JSON.parse(JSON.stringify(item))).join('');
          expect(written).not.toContain('\u0000');
          expect(written).not.toMatch(/\p{Surrogate}/u);
        }
        expect(split(entries)).toEqual(items); // the same body is the same items
      }),
      { numRuns: 400 },
    );
  });

  it('loses no message and no status', () => {
    const id = fc.uuid();
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(id, likeAMessage), { selector: ([i]) => i }),
        fc.uniqueArray(fc.tuple(id, likeAStatus), { selector: ([i]) => i }),
        (messages, statuses) => {
          const items = ofValue({
            metadata,
            messages: messages.map(([i, m]) => ({ ...m, id: i })),
            statuses: statuses.map(([i, s]) => ({ ...s, id: i })),
          });
          expect(items.length).toBe(messages.length + statuses.length || 1);
        },
      ),
    );
  });

  it('tells the same message again by its id, whatever else changed, and another one as another', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.string({ minLength: 1 }), (one, two, body) => {
        const text = (id: string, from: string): object => ({
          id,
          from,
          timestamp: '1795256400',
          type: 'text',
          text: { body },
        });
        const idOf = (m: object): string => ofValue({ metadata, messages: [m] })[0]!.externalId;
        expect(idOf(text(one, '1'))).toBe(idOf(text(one, '2')));
        expect(idOf(text(one, '1')) === idOf(text(two, '1'))).toBe(one === two);
      }),
    );
  });
});

it('a body nested without bound is cut, not fatal', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 50_000; i++) deep = { a: deep };
  expect(ofValue({ metadata, novelty: deep })).toHaveLength(1);
});
