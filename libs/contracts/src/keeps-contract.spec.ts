import { personOf } from '#core/messaging';
import { getMetadataStorage, validateSync } from 'class-validator';
import fc from 'fast-check';
import {
  brokenRules,
  CONTRACTS,
  declaredOf,
  receiveMessage,
  recordStatus,
  type JobContract,
} from './index.js';

/** As class-validator judges an instance that holds the payload. */
const valid = (contract: JobContract, payload: object): boolean =>
  validateSync(Object.assign(new contract.payload(), payload), { forbidUnknownValues: false }).length === 0;

const message = {
  channel: 'whatsapp' as const,
  channelAccountId: 'acc_1',
  person: personOf({ phone: '971501234567' }),
  messageId: 'wamid.1',
  sentAt: '2026-11-21T12:00:00.000Z',
  content: { type: 'text' as const, text: 'hi' },
};

it('knows a payload that keeps its contract, with and without what is optional', () => {
  expect(brokenRules(receiveMessage, message)).toBeUndefined();
  expect(brokenRules(receiveMessage, { ...message, standby: true, replyTo: 'wamid.0' })).toBeUndefined();
});

it.each([
  ['a wrong type', { ...message, messageId: 7 }, 'messageId must be a string'],
  ['a time that is none', { ...message, sentAt: 'soon' }, /^sentAt must be a valid ISO 8601/],
  ['something missing', { ...message, person: undefined }, 'person must be a non-empty object'],
  ['an empty object', { ...message, person: {} }, 'person must be a non-empty object'],
  ['a wrong optional', { ...message, standby: 'yes' }, 'standby must be a boolean value'],
  [
    'several',
    { ...message, standby: 'yes', channel: 1 },
    'channel must be a string, standby must be a boolean value',
  ],
  ['nothing', null, 'it must be an object'],
  ['a list', [message], 'it must be an object'],
  ['a text', 'message', 'it must be an object'],
])('says what is wrong with %s', (_, payload, rules) => {
  expect(brokenRules(receiveMessage, payload)).toEqual(
    typeof rules === 'string' ? rules : expect.stringMatching(rules),
  );
});

it('judges as class-validator does, whatever the contract and the payload', () => {
  const values = fc.oneof(
    fc.constantFrom<unknown>(undefined, null, '', 'text', '2026-11-21T12:00:00Z', 0, 3, -1.5, true, [], {}),
    fc.constantFrom<unknown>(['a'], [1], [{}], { a: 1 }, 'whatsapp', 'stripe', 'read', new Date(0)),
  );
  for (const contract of CONTRACTS) {
    const names = new Set(
      getMetadataStorage()
        .getTargetValidationMetadatas(contract.payload, '', false, false)
        .map((m) => m.propertyName),
    );
    const payloads = fc.record(Object.fromEntries([...names].map((name) => [name, values])));
    fc.assert(
      fc.property(
        payloads,
        (payload) => (brokenRules(contract, payload) === undefined) === valid(contract, payload),
      ),
    );
  }
});

it('keeps what a contract declares, as it is, and nothing else', () => {
  const odd = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"more":2}') as object;
  const kept = declaredOf(receiveMessage, { ...odd, ...message });
  expect(kept).toEqual(message);
  expect(Object.keys(kept)).toEqual(Object.keys(message));
  expect(kept.content).toBe(message.content);
});

it('costs nothing for what it does not look into', () => {
  let looked = 0;
  const deep = new Proxy({ type: 'text', text: 'hi' }, { ownKeys: () => (looked++, ['type', 'text']) });
  expect(brokenRules(receiveMessage, { ...message, content: deep })).toBeUndefined();
  expect(brokenRules(receiveMessage, { ...message, messageId: 7, content: deep })).toBeDefined();
  expect(looked).toBe(0);
  expect(
    brokenRules(recordStatus, Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]))),
  ).toBeDefined();
});

it('says which field breaks which rule, without values', () => {
  expect(brokenRules(receiveMessage, message)).toBeUndefined();
  expect(brokenRules(receiveMessage, { ...message, messageId: 7, sentAt: 'soon' })).toBe(
    'messageId must be a string, sentAt must be a valid ISO 8601 date string',
  );
  for (const none of [undefined, null, 'text', 7, []]) {
    expect(brokenRules(receiveMessage, none)).toBe('it must be an object');
  }
});
