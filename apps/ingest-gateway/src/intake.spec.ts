import { jest } from '@jest/globals';
import { QUEUES } from '#contracts';
import { cleared } from '#core/messaging';
import type { Journal, NewItem } from '#persistence';
import type { Waker } from '#queue';
import { Intake } from './intake.js';
import type { Arrival } from './items.js';

const NOW = new Date('2026-11-27T12:00:00Z');
let stored: string[][];
let intake: Intake;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  stored = [];
  const append = async (items: readonly NewItem[]): Promise<number> => {
    stored.push(items.map(({ externalId }) => externalId));
    return items.length;
  };
  const wake = async (): Promise<void> => undefined;
  intake = new Intake({ append } as unknown as Journal, { wake } as unknown as Waker, { now: () => NOW });
});
afterEach(() => jest.useRealTimers());

const settle = (): Promise<void> => new Promise((resume) => setImmediate(resume));

function arrival(externalId: string, queue: keyof typeof QUEUES): Arrival {
  const { owner: service } = QUEUES[queue];
  const said = { merchantId: 'mer_1', service, queue, stream: 's', name: 'n', source: 'whatsapp' };
  return { kind: 'n', item: { ...said, externalId, payload: cleared({}), occurredAt: NOW } };
}

it('stores statuses and changes of products with what comes within 20 ms', async () => {
  const taken = [
    intake.take('whatsapp', [arrival('status', 'statuses')]),
    intake.take('store', [arrival('change', 'products')]),
  ];
  await settle();
  jest.advanceTimersByTime(19);
  await settle();
  expect(stored).toEqual([]);
  jest.advanceTimersByTime(1);
  await Promise.all(taken);
  expect(stored).toEqual([['status', 'change']]);
});

it('stores a message at once, also beside a status, and with the statuses that wait', async () => {
  const waiting = intake.take('whatsapp', [arrival('first', 'statuses')]);
  await intake.take('whatsapp', [arrival('second', 'statuses'), arrival('message', 'threads')]);
  await waiting;
  expect(stored).toEqual([['first', 'second', 'message']]);
});
