import { randomUUID } from 'node:crypto';
import { done } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { newId } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { createTestDatabase, TEST_BACKENDS, until } from '#testing';
import { message, newScript, say, startLines } from './support/lines.js';

const CROWD = 500;
/** What stands in the order of arrival, and what is being worked on when it comes and when it goes. */
const NOT_BEHIND = 20 + 2 * 16;

it.each(TEST_BACKENDS)(
  'puts what one merchant has little of before the crowd of another: %s',
  async (kind) => {
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
      queueUrl: kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.url('waco_outbound'),
      prefix: `t${randomUUID().slice(0, 8)}`,
    });
    const put = async (merchantId: string, ids: string[]): Promise<void> => {
      const now = new Date();
      const items = ids.map((id) => toItem(say, message(id, `line_${id}`), merchantId, now));
      await app.get(Tenants).transaction(merchantId, (tx) => app.get(Journal).append(items, now, tx));
      await app.get(Waker).wake(items.map((item) => wakeOf(item, now)));
    };
    try {
      await put(
        newId('mer'),
        Array.from({ length: CROWD }, (_, i) => `crowd_${i}`),
      );
      await put(newId('mer'), ['one']);
      go();
      await until('all applied', () => script.applied.length > CROWD, 20_000);
      expect(script.applied.indexOf('one')).toBeLessThanOrEqual(NOT_BEHIND);
      expect(new Set(script.applied).size).toBe(CROWD + 1);
    } finally {
      go();
      await app.close();
      await database.drop();
    }
  },
);
