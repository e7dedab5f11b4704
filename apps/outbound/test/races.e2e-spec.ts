import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { callChannel } from '#contracts';
import { until } from '#testing';
import { GRACE_MS, Stand, type Customer } from './support/stand.js';

/** A call that began with its plan is taken up by others after this long. */
const RECOVERED_MS = 9_000;

interface CallItem {
  plan: number;
  /** It began with its plan: its item is a timer. */
  begun: boolean;
  outcome: string | null;
}

async function callsOf(stand: Stand, messageId: string): Promise<CallItem[]> {
  const { rows } = await stand.owner.query(
    `SELECT (payload->>'plan')::int AS plan, due_at > created_at + interval '5 seconds' AS begun, outcome
     FROM journal.items WHERE name = $1 AND payload->>'messageId' = $2 ORDER BY id`,
    [callChannel.name, messageId],
  );
  return rows as CallItem[];
}

const isSettled = (stand: Stand, messageId: string): Promise<CallItem[]> =>
  until('its calls are settled', async () => {
    const calls = await callsOf(stand, messageId);
    return calls.length > 0 && calls.every(({ outcome }) => outcome !== null) && calls;
  });

/** Marked as called, by whom it may be. */
const isMarked = (stand: Stand, messageId: string): Promise<unknown> =>
  until('it is marked', async () => (await stand.message(messageId))?.called_at);

describe('a call that begins with its plan', () => {
  let stand: Stand;
  let customer: Customer;

  beforeAll(async () => {
    stand = await Stand.start('postgres', { settings: { INDETERMINATE_GRACE_MS: '8000' } });
  }, 60_000);
  afterAll(() => stand.stop());
  beforeEach(async () => {
    stand.onStatus = (payload) => payload;
    await stand.faults();
    customer = await stand.customer();
  });

  it('is the usual one, and settles its timer with its answer', async () => {
    const id = await stand.send(customer, 'hello');
    await stand.reaches(id, 'delivered');
    expect(await isSettled(stand, id)).toEqual([{ plan: 1, begun: true, outcome: 'done' }]);
    expect(await stand.message(id)).toMatchObject({ plan: 1, sends: 1, slot_at: expect.any(Date) });
  });

  it('is not made for what cannot be rendered', async () => {
    const content = { type: 'link', body: 'Pay', label: 'Pay', url: 'not a link' } as const;
    const id = await stand.send(customer, '', { content });
    expect(await stand.reaches(id, 'failed')).toMatchObject({ sends: 0, called_at: null });
  });

  it('loses nothing and repeats nothing when its timer and its answer meet', async () => {
    stand.onStatus = () => undefined;
    await stand.faults({ kind: 'delay', ms: 2_500 });
    const id = await stand.send(customer, 'just once');
    await until('it is called', async () => (await stand.asked(id)).accepted.length > 0);
    await stand.advance(RECOVERED_MS);
    await stand.reaches(id, 'indeterminate');
    expect(await stand.reaches(id, 'accepted')).toMatchObject({ sends: 1, possible_duplicate: false });
    expect(await isSettled(stand, id)).toEqual([{ plan: 1, begun: true, outcome: 'done' }]);
    const follower = await stand.send(customer, 'after it');
    await stand.reaches(follower, 'accepted');
    expect(await stand.shown(customer)).toEqual(['just once', 'after it']);
  });

  it.each([
    ['the merchant is suspended', `UPDATE tenancy.merchants SET status = 'suspended'`, 'merchant_suspended'],
    [
      'the account is paused',
      `UPDATE outbound.senders SET paused_at = now(), paused_until = now() + interval '10 years', pause_reason = 'auth'`,
      'account_paused',
    ],
  ])('is not made when %s while it is marked', async (_, change, why) => {
    const before = await stand.send(customer, 'so that the number has a sender');
    await stand.reaches(before, 'delivered');
    await stand.slowMark('too late', 2.5);
    const id = await stand.send(customer, 'too late');
    await sleep(500);
    await stand.owner.query(change);
    await until('it waits', async () => (await stand.message(id))?.verdict?.why === why);
    expect((await stand.asked(id)).accepted).toEqual([]);
    expect(await isSettled(stand, id)).toEqual([{ plan: 1, begun: true, outcome: 'done' }]);
    await stand.owner.query(`UPDATE tenancy.merchants SET status = 'active'`);
    await stand.owner.query(`UPDATE outbound.senders SET paused_until = now() - interval '1 second'`);
    await stand.writes(customer); // its line is looked at
    await stand.reaches(id, 'delivered');
    expect((await stand.asked(id)).accepted).toHaveLength(1);
    expect((await callsOf(stand, id)).slice(1).map(({ begun }) => begun)).not.toContain(true);
  });
});

describe('a process that ends with a call that began with its plan', () => {
  let stand: Stand;
  let customer: Customer;

  beforeAll(async () => {
    stand = await Stand.start('postgres', { idle: true });
  }, 60_000);
  afterAll(() => stand.stop());
  beforeEach(async () => {
    stand.onStatus = (payload) => payload;
    await stand.faults();
  });

  async function running(settings?: Record<string, string>): Promise<ReturnType<Stand['spawn']>> {
    const child = stand.spawn(settings);
    customer = await stand.customer();
    return child;
  }

  it('is killed before the call: it goes out once, marked, and not right away again', async () => {
    // Whoever calls here gets nowhere.
    const nowhere = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(nowhere, 'listening');
    const { port } = nowhere.address() as AddressInfo;
    const child = await running({ WHATSAPP_BASE_URL: `http://127.0.0.1:${port}` });
    const id = await stand.send(customer, 'just once');
    await isMarked(stand, id);
    await child.kill();
    nowhere.close();
    expect((await stand.asked(id)).accepted).toEqual([]);
    const next = stand.spawn();
    await stand.advance(RECOVERED_MS);
    await stand.reaches(id, 'indeterminate');
    expect(await stand.reaches(id, 'delivered')).toMatchObject({ possible_duplicate: true, sends: 2 });
    expect((await stand.asked(id)).accepted).toHaveLength(1);
    expect(await isSettled(stand, id)).toMatchObject([
      { plan: 1, outcome: 'done' },
      { plan: 2, begun: false, outcome: 'done' },
    ]);
    await next.kill();
  }, 60_000);

  it('is killed after the call: a status settles it, and it is not called again', async () => {
    const child = await running();
    await stand.faults({ kind: 'delay', ms: 2_500 });
    const id = await stand.send(customer, 'just once');
    await until('it is called', async () => (await stand.asked(id)).accepted.length > 0);
    await child.kill();
    const next = stand.spawn();
    await stand.reaches(id, 'delivered');
    await stand.advance(RECOVERED_MS + GRACE_MS);
    expect(await isSettled(stand, id)).toMatchObject([{ plan: 1, outcome: 'skipped' }]);
    expect((await stand.asked(id)).accepted).toHaveLength(1);
    expect(await stand.message(id)).toMatchObject({ sends: 1, possible_duplicate: false });
    await next.kill();
  }, 60_000);

  it('is asked to end: it takes the answer first', async () => {
    const child = await running();
    stand.onStatus = () => undefined;
    await stand.faults({ kind: 'delay', ms: 1_500 });
    const id = await stand.send(customer, 'just once');
    await until('it is called', async () => (await stand.asked(id)).accepted.length > 0);
    expect((await stand.message(id))?.state).toBe('sending');
    await child.stop();
    expect(await stand.message(id)).toMatchObject({ state: 'accepted', sends: 1 });
    expect(await isSettled(stand, id)).toEqual([{ plan: 1, begun: true, outcome: 'done' }]);
  }, 60_000);
});
