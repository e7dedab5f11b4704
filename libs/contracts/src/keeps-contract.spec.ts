import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import fc from 'fast-check';
import { CONTRACTS, recordStatus, receiveMessage, type JobContract } from './index.js';
import { brokenRules, surelyKeepsContract } from './keeps-contract.js';

const valid = (contract: JobContract, payload: object): boolean =>
  validateSync(plainToInstance(contract.payload, payload), { forbidUnknownValues: false }).length === 0;

const message = {
  channel: 'whatsapp',
  channelAccountId: 'acc_1',
  person: { waId: '971501234567' },
  messageId: 'wamid.1',
  sentAt: '2026-11-21T12:00:00.000Z',
  content: { type: 'text', text: 'hi' },
};

it('knows a payload that keeps its contract, with and without what is optional', () => {
  expect(surelyKeepsContract(receiveMessage, message)).toBe(true);
  expect(surelyKeepsContract(receiveMessage, { ...message, standby: true, replyTo: 'wamid.0' })).toBe(true);
});

it.each([
  ['a wrong type', { ...message, messageId: 7 }],
  ['a time that is none', { ...message, sentAt: 'soon' }],
  ['something missing', { ...message, person: undefined }],
  ['an empty object', { ...message, person: {} }],
  ['a wrong optional', { ...message, standby: 'yes' }],
])('does not vouch for %s', (_, payload) => {
  expect(surelyKeepsContract(receiveMessage, payload)).toBe(false);
});

it('never vouches for what class-validator refuses, whatever the contract and the payload', () => {
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
      fc.property(payloads, (payload) => !surelyKeepsContract(contract, payload) || valid(contract, payload)),
    );
  }
});

it('is sure of the contracts that webhooks become', () => {
  const status = {
    channelAccountId: 'acc_1',
    channelMessageId: 'wamid.1',
    status: 'read',
    at: message.sentAt,
  };
  expect(surelyKeepsContract(recordStatus, { ...status, errors: [] })).toBe(true);
});

describe('what a payload breaks', () => {
  it('is said by field and rule, without values', () => {
    expect(brokenRules(receiveMessage, message)).toBeUndefined();
    expect(brokenRules(receiveMessage, { ...message, messageId: 7, sentAt: 'soon' })).toBe(
      'messageId must be a string, sentAt must be a valid ISO 8601 date string',
    );
    for (const none of [undefined, null, 'text', 7]) {
      expect(brokenRules(receiveMessage, none)).toBe('the payload must be an object');
    }
    expect(brokenRules(receiveMessage, [])).toContain('messageId must be a string');
  });

  it('is nothing exactly where class-validator has nothing against it', () => {
    const values = fc.constantFrom<unknown>(
      undefined,
      null,
      '',
      'text',
      '2026-11-21T12:00:00Z',
      0,
      3,
      true,
      [],
      { a: 1 },
    );
    for (const contract of CONTRACTS) {
      const names = getMetadataStorage()
        .getTargetValidationMetadatas(contract.payload, '', false, false)
        .map((m) => m.propertyName);
      const payloads = fc.record(Object.fromEntries([...names, 'more'].map((name) => [name, values])));
      fc.assert(
        fc.property(
          payloads,
          (payload) => (brokenRules(contract, payload) === undefined) === valid(contract, payload),
        ),
      );
    }
  });

  it('is found in no time, however many keys are in it, and where', () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]));
    const started = performance.now();
    expect(brokenRules(receiveMessage, { ...message, ...many })).toBeUndefined();
    expect(brokenRules(receiveMessage, { ...message, content: many })).toBeUndefined();
    expect(brokenRules(receiveMessage, { ...message, ...many, messageId: 7 })).toContain('messageId');
    expect(brokenRules(receiveMessage, { ...message, messageId: many })).toContain('messageId');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
