import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IsNotEmptyObject, IsString } from 'class-validator';
import { personOf } from '#core/messaging';
import {
  brokenRules,
  changeIdentity,
  CONTRACTS,
  declaredOf,
  defineJob,
  joinContacts,
  QUEUES,
  readPayload,
  receiveMessage,
  writtenPayload,
} from './index.js';

/** A person in the words of the release before. */
interface PersonBefore {
  userId?: string;
  parentUserId?: string;
  waId?: string;
  username?: string;
  name?: string;
}

class ReceiveMessageBefore {
  @IsString() channelAccountId: string;
  @IsNotEmptyObject() person: PersonBefore;
  @IsString() messageId: string;
}
/** The contract, as far as a person goes, as the release before has it. */
const before = defineJob({
  name: receiveMessage.name,
  queue: QUEUES.threads,
  payload: ReceiveMessageBefore,
  idempotencyKey: (p) => p.messageId,
  stream: (p) => `thread/${p.channelAccountId}/${p.person.userId ?? p.person.waId}`,
  retry: receiveMessage.retry,
});

const NAMES = { userId: 'AE.1', phone: '971501234567', username: 'sheena', name: 'Sheena' };
const { phone, ...others } = NAMES;
const OLD: PersonBefore = { ...others, waId: phone };
const message = {
  channel: 'whatsapp',
  channelAccountId: 'acc_1',
  messageId: 'wamid.1',
  sentAt: '2026-11-21T12:00:00.000Z',
  content: { type: 'text' as const, text: 'hi' },
};

it('what the release before wrote is read, and means the same stream and key', () => {
  const stored = { ...message, person: OLD };
  expect(brokenRules(receiveMessage, stored)).toBeUndefined();
  const payload = readPayload(receiveMessage, stored as never);
  expect(payload).toEqual({ ...message, person: personOf(NAMES) });
  expect(receiveMessage.stream!(payload)).toBe(before.stream!(stored));
  expect(receiveMessage.idempotencyKey(payload)).toBe(before.idempotencyKey(stored));
});

it('what this release writes keeps the contract of the release before, which finds all that it knows of a person', () => {
  const stored = declaredOf(
    receiveMessage,
    writtenPayload(receiveMessage, { ...message, person: personOf(NAMES) }),
  );
  expect(brokenRules(before, stored)).toBeUndefined();
  expect(stored.person).toMatchObject(OLD);
  expect(before.stream!(stored)).toBe('thread/acc_1/AE.1');
  // It hands on the payload as it is, fields that it does not know among them.
  expect(readPayload(receiveMessage, stored).person).toEqual(personOf(NAMES));
});

it('a change of identity has two people', () => {
  const identity = { channelAccountId: 'acc_1', messageId: 'wamid.1' };
  const people = { previous: personOf({ phone }), current: personOf({ userId: 'AE.2' }) };
  const stored = writtenPayload(changeIdentity, { ...identity, ...people });
  expect(stored).toMatchObject({ previous: { waId: phone }, current: { userId: 'AE.2' } });
  const old = { ...identity, previous: { waId: phone }, current: { userId: 'AE.2' } };
  expect(readPayload(changeIdentity, old as never)).toEqual({ ...identity, ...people });
});

it('a person that is none is left for the rules to speak of', () => {
  for (const person of [undefined, null, 7]) {
    const odd = { ...message, person } as never;
    expect(readPayload(receiveMessage, odd)).toEqual(odd);
    expect(brokenRules(receiveMessage, odd)).toBe('person must be a non-empty object');
  }
});

it('the people of a list are read and written, too', () => {
  const members = [
    { channelAccountId: 'acc_1', person: personOf({ phone }) },
    { channelAccountId: 'acc_2', person: personOf({ userId: 'AE.1' }) },
  ];
  const proof = { proofId: '1', kind: 'confirmation', scheme: 'customer_id', value: '77' } as const;
  const payload = { ...proof, provedAt: message.sentAt, members };
  const stored = writtenPayload(joinContacts, payload);
  expect(stored).toMatchObject({ members: [{ person: { waId: phone } }, { person: { userId: 'AE.1' } }] });
  const old = { ...payload, members: [{ ...members[0]!, person: { waId: phone } }, members[1]] };
  for (const one of [stored, old]) expect(readPayload(joinContacts, one as never)).toEqual(payload);
  for (const odd of [7, null, [7, null, {}]]) {
    expect(readPayload(joinContacts, { members: odd } as never)).toEqual({ members: odd });
  }
});

/** By the source: what stands in a list leaves no trace in the class. */
const SOURCE = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.jobs.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n');

/** The paths of the people that a payload's class declares. */
function peopleOf(payload: string): string[] {
  const [, body] = new RegExp(`^export class ${payload} \\{\\n(.*?)^\\}`, 'msu').exec(SOURCE)!;
  const lists = [...body!.matchAll(/(\w+)\??: \{([^}]*)\}\[\]/gu)];
  const outside = lists.reduce((rest, [list]) => rest.replace(list, ''), body!);
  return [
    ...peopleIn(outside),
    ...lists.flatMap(([, list, each]) => peopleIn(each!).map((field) => `${list}[].${field}`)),
  ];
}
const peopleIn = (fields: string): string[] =>
  [...fields.matchAll(/(\w+)\??: PersonRef\b(?!\[)/gu)].map(([, field]) => field!);

it('each contract with a person says where', () => {
  const declared = CONTRACTS.map(({ name, payload }) => [name, peopleOf(payload.name)]);
  expect(declared).toEqual(CONTRACTS.map(({ name, people = [] }) => [name, people]));
  expect(declared).toContainEqual([changeIdentity.name, ['previous', 'current']]);
  expect(declared).toContainEqual([joinContacts.name, ['members[].person']]);
  // A person that is declared in any other way would be looked for in vain.
  const all = SOURCE.match(/^ {2}.*: .*\bPersonRef\b/gmu);
  expect(all).toHaveLength(CONTRACTS.flatMap(({ people = [] }) => people).length);
});
