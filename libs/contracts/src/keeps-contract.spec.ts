import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import fc from 'fast-check';
import { CONTRACTS, recordStatus, receiveMessage, type JobContract } from './index.js';
import { surelyKeepsContract } from './keeps-contract.js';

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
