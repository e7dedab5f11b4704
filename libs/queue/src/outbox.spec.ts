import { setTimeout as sleep } from 'node:timers/promises';
import { IsString } from 'class-validator';
import { defineJob, QUEUES } from '#contracts';
import type { Journal } from '#persistence';
import { uncaughtBy } from '#testing';
import { Outbox } from './context.js';

class Payload {
  @IsString() id: string;
}
const call = defineJob({
  name: 'test.call-thing.v1',
  queue: QUEUES.sends,
  payload: Payload,
  idempotencyKey: ({ id }) => id,
  retry: { attempts: 1, backoff: 'exponential', delayMs: 1 },
});

describe('an outbox whose transaction fails', () => {
  it('gives places back, and leaves no failure that nobody hears: that would end the process', async () => {
    const now = new Date();
    let givenBack = 0;
    const place = { begin: () => undefined, giveBack: () => void givenBack++ };
    const outbox = new Outbox('mer_1', now, () => place);
    outbox.begin(call, { id: 'a' }, { dueAt: now, known: {} });
    const lost = { appendDurably: () => Promise.reject(new Error('Connection terminated unexpectedly')) };
    const uncaught = await uncaughtBy(async () => {
      outbox.store({} as never, lost as unknown as Journal, now);
      outbox.discard();
      await sleep(20);
    });
    expect([uncaught, givenBack]).toEqual([[], 1]);
  });
});
