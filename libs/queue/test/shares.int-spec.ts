import { randomUUID } from 'node:crypto';
import { done } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { newId } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { createTestDatabase, TEST_BACKENDS, until } from '#testing';
import { interrupt, message, newScript, say, startLines } from './support/lines.js';

const CROWD = 500;
/** What stands in the order of arrival, and what is being worked on when it comes and when it goes. */
const NOT_BEHIND = 20 + 2 * 16;

const crowd = Array.from({ length: CROWD }, (_, i) => `crowd_${i}`);

type Put = (merchantId: string, ids: string[], contract?: typeof say) => Promise<void>;

describe.each(TEST_BACKENDS)('shares of a queue: %s', (kind) => {
  /** All that `arrive` puts into the queue is there before anything is applied. Returns the order of application. */
  async function appliedAfter(arrive: (put: Put) => Promise<void>, count: number): Promise<string[]> {
    const database = await createTestDatabase();
    const script = newScript();
    let go: () => void = () => undefined;
    const gate = new Promise<void>((open) => (go = open));
    script.onMessage = async () => {
      await gate;
      return done;
    };
    const app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl: kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.queueUrl,
      prefix: `t${randomUUID().slice(0, 8)}`,
    });
    const put: Put = async (merchantId, ids, contract = say) => {
      const now = new Date();
      const items = ids.map((id) => toItem(contract, message(id, `line_${id}`), merchantId, now));
      await app.get(Tenants).transaction(merchantId, (tx) => app.get(Journal).append(items, now, tx));
      await app.get(Waker).wake(items.map((item) => wakeOf(item, now)));
    };
    try {
      await arrive(put);
      go();
      await until('all applied', () => script.applied.length >= count, 20_000);
      expect(new Set(script.applied).size).toBe(count);
      return script.applied;
    } finally {
      go();
      await app.close();
      await database.drop();
    }
  }

  it('puts what one merchant has little of before the crowd of another', async () => {
    const applied = await appliedAfter(async (put) => {
      await put(newId('mer'), crowd);
      await put(newId('mer'), ['one']);
    }, CROWD + 1);
    expect(applied.indexOf('one')).toBeLessThanOrEqual(NOT_BEHIND);
  });

  it('puts what is expedited before what its own crowd has not begun', async () => {
    const applied = await appliedAfter(async (put) => {
      const merchantId = newId('mer');
      await put(merchantId, crowd);
      await put(merchantId, ['answer'], interrupt);
    }, CROWD + 1);
    expect(applied.indexOf('answer')).toBeLessThanOrEqual(NOT_BEHIND);
  });
});
