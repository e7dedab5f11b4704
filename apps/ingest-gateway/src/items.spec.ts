import { personOf } from '#core/messaging';
import { recordStatus } from '#contracts';
import { work } from './items.js';

const now = new Date('2026-11-21T12:00:00Z');
const said = { source: 'whatsapp' as const, externalId: 'status/1', occurredAt: now };
const status = {
  channelAccountId: 'acc_1',
  channelMessageId: 'wamid.1',
  status: 'read' as const,
  at: now.toISOString(),
  errors: [],
};

it('a payload that keeps its contract is work for its owner', () => {
  expect(work(recordStatus, status, 'mer_1', now, said)).toMatchObject({
    kind: 'outbound.record-status.v1',
    item: { merchantId: 'mer_1', service: 'outbound', externalId: 'status/1', stream: 'message/wamid.1' },
  });
});

it('a payload that breaks its contract is kept, with the reason', () => {
  const broken = { ...status, at: 'soon' };
  const { kind, item } = work(recordStatus, broken, 'mer_1', now, said);
  expect(kind).toBe('ignored');
  expect(item).toMatchObject({
    merchantId: 'mer_1',
    service: 'ingest',
    externalId: 'status/1',
    payload: broken,
  });
  expect(item.settled).toEqual({ outcome: 'ignored', reason: expect.stringContaining('ISO 8601') });
});

it('who it is from is kept with it, also when the number looks like one of a card', () => {
  const person = personOf({ phone: '4915123456704', name: 'pay 4111 1111 1111 1111' });
  const { item } = work(recordStatus, { ...status, at: 'soon', person } as never, 'mer_1', now, said);
  expect(item.payload).toMatchObject({ person: personOf({ phone: '4915123456704', name: 'pay •••• 1111' }) });
});
