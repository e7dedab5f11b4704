import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { startStack } from '../local/stack.mjs';
import { playStory } from '../local/story.mjs';

const CHAOS = { copies: [1, 3], shuffle: true, maxDelayMs: 2_000 };
const SERVICES = ['ingest-gateway', 'conversation', 'catalog-sync', 'checkout', 'outbound', 'admin'];
/** Where each kind of step of the story stands, so that a kill can be put before or into any of them. */
const STEPS = 13;
const backends = process.env.WACO_TEST_REDIS_URL ? ['postgres', 'redis'] : ['postgres'];

jest.setTimeout(600_000);

describe.each(backends)('a purchase, with queues on %s', (backend) => {
  let stack;
  let dataDir;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-story-'));
    // Below the ports that the system gives to outgoing connections.
    const portBase = 20_000 + randomInt(40) * 150;
    stack = await startStack({
      dataDir,
      portBase,
      quiet: true,
      queueUrl: backend === 'redis' ? process.env.WACO_TEST_REDIS_URL : undefined,
      // A send whose answer was lost is settled by its status: longer than the roughest network here delays one.
      env: { QUEUE_PREFIX: `story-${portBase}`, INDETERMINATE_GRACE_MS: '15000', LOG_LEVEL: 'warn' },
      revive: true,
      onDeath: () => {},
    });
  });

  afterAll(async () => {
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('holds while webhooks come one to three times, shuffled and late', async () => {
    await playStory(stack, { chaos: CHAOS, patienceMs: 60_000 });
  });

  it('holds while every service is killed and restarted once, each at a random step', async () => {
    const plan = SERVICES.map((service) => ({ service, step: randomInt(STEPS), afterMs: randomInt(1_500) }));
    const killed = [];
    let at = 0;
    const before = () => {
      for (const { service, afterMs } of plan.filter((p) => p.step === at)) {
        killed.push(
          sleep(afterMs)
            .then(() => stack.kill(service))
            .then(() => stack.restart(service)),
        );
      }
      at++;
    };
    try {
      await playStory(stack, { chaos: CHAOS, patienceMs: 90_000, before });
    } catch (error) {
      throw new Error(`with the kills ${JSON.stringify(plan)}: ${error.message}`, { cause: error });
    }
    await Promise.all(killed);
    expect(killed).toHaveLength(SERVICES.length);
  });

  it('has the pages of the admin API with the files that they load', async () => {
    const headers = { authorization: `Bearer ${stack.secrets.operatorKey}` };
    for (const page of ['/docs', '/queues']) {
      const address = `${stack.urls.admin}${page}`;
      const html = await (await fetch(address, { headers })).text();
      const files = [...html.matchAll(/(?:src|href)="([^"#:]+\.(?:js|css))[^"]*"/g)].map(([, file]) => file);
      expect(files.length).toBeGreaterThan(0);
      const base = /<base href="([^"]+)"/.exec(html)?.[1] ?? page;
      for (const file of files) {
        const { status } = await fetch(new URL(file, new URL(base, address)), { headers });
        expect({ file, status }).toEqual({ file, status: 200 });
      }
    }
  });

  it('starts a service again that somebody else killed', async () => {
    const { conversation } = stack.processes;
    const { child } = conversation;
    process.kill(child.pid, 'SIGKILL');
    await conversation.exited;
    await until(() => conversation.child !== child);
    await conversation.untilReady();
    await playStory(stack, { patienceMs: 60_000 });
  });
});

async function until(holds) {
  for (let i = 0; i < 100 && !holds(); i++) await sleep(50);
  if (!holds()) throw new Error('it did not come to hold within 5 s');
}
