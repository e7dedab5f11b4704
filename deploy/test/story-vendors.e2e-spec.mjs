import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { http } from '../local/customer.mjs';
import { onboardMerchant } from '../local/demo.mjs';
import { TEMPLATES } from '../local/demo-data.mjs';
import { startStack } from '../local/stack.mjs';
import { sandboxWebhooks, sandboxWorld } from '../local/story-world.mjs';
import { playStory } from '../local/story.mjs';
import { connectDialog360 } from './support/story/dialog360.mjs';
import { openPaymentPage } from './support/story/payment-page.mjs';
import { openRoad } from './support/story/rough-road.mjs';
import { vendureShop } from './support/story/vendure.mjs';
import { newMerchant } from './support/two-merchants.mjs';

const CHAOS = { copies: [1, 3], shuffle: true, maxDelayMs: 2_000 };
const STACK_CLOCK = fileURLToPath(new URL('support/story/stack-clock.mjs', import.meta.url));
/** The first time, a Vendure server has to be installed. */
const INSTALL_MS = 400_000;

jest.setTimeout(300_000);

describe('a purchase with the second vendor of each port', () => {
  let stack;
  let dataDir;
  let road;
  let clock;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-vendors-'));
    // Below the ports that the system gives to outgoing connections.
    const portBase = 26_000 + randomInt(30) * 150;
    stack = await startStack({
      dataDir,
      portBase,
      quiet: true,
      demo: false,
      env: { QUEUE_PREFIX: `vendors-${portBase}`, INDETERMINATE_GRACE_MS: '15000', LOG_LEVEL: 'warn' },
    });
    road = await openRoad(stack.urls.gateway);
    clock = { module: STACK_CLOCK, env: { WACO_CLOCK_FILE: join(dataDir, 'clock.json') } };
  });

  afterAll(async () => {
    road?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Another merchant on the stack, and the world that it lives in. */
  async function openMerchant(word, { vendors, change = {}, worldOf }) {
    const { secrets, of } = newMerchant(stack.secrets, word);
    const facts = { secrets, of: { ...of, ...change }, templates: TEMPLATES, vendors };
    const merchant = await onboardMerchant({ urls: stack.urls, ...facts });
    const inside = sandboxWebhooks(http(stack.urls.sandbox));
    const webhooks = {
      travel: async (how) => {
        road.travel(how);
        await inside.travel(how);
      },
      underWay: async () => road.underWay() + (await inside.underWay()),
    };
    const world = { ...sandboxWorld({ urls: stack.urls, merchant }), webhooks, ...worldOf?.(merchant) };
    return { urls: stack.urls, merchant, world };
  }

  // First, while the stack's clock is the real one: that of Vendure's database cannot be moved.
  describe('in a shop that runs on Vendure', () => {
    let shop;

    afterAll(() => shop?.stop());

    it(
      'holds on WhatsApp, while webhooks come one to three times, shuffled and late',
      async () => {
        shop = vendureShop({ road, clock });
        const vendors = { shop: shop.connect };
        const worldOf = () => ({ shop });
        const story = await openMerchant('vendure', { vendors, change: { shop: undefined }, worldOf });
        await playStory(story, { chaos: CHAOS, patienceMs: 60_000 });
      },
      INSTALL_MS,
    );
  });

  describe('by 360dialog and a payment page of the merchant’s own', () => {
    let page;
    let story;

    beforeAll(async () => {
      page = await openPaymentPage({ road, clock });
      story = await openMerchant('dialog', {
        vendors: { channel: connectDialog360, payments: page.connect },
        worldOf: () => ({ payments: page }),
      });
    });
    afterAll(() => page?.stop());

    it('holds', () => playStory(story, { patienceMs: 60_000 }));

    it('holds while webhooks come one to three times, shuffled and late', () =>
      playStory(story, { chaos: CHAOS, patienceMs: 60_000 }));
  });
});
