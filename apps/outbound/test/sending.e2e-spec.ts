import { personOf } from '#core/messaging';
import { noteInbound, recordStatus } from '#contracts';
import { WHOLE_QUEUE } from '#persistence';
import { newId } from '#platform';
import { TEST_BACKENDS, until } from '#testing';
import { GRACE_MS, Stand, TIMEOUT_MS, type Customer } from './support/stand.js';

const HOUR = 3_600_000;

describe.each(TEST_BACKENDS)('sending, queues on %s', (backend) => {
  let stand: Stand;
  let customer: Customer;

  beforeAll(async () => {
    stand = await Stand.start(backend);
    await stand.template('order_shipped', 'order_shipped_v1', 'Your order {{1}} is on its way: {{2}} now.', [
      'order',
      'tracking_code',
    ]);
  }, 60_000);
  afterAll(() => stand.stop());
  beforeEach(async () => {
    stand.onStatus = (payload) => payload;
    await stand.faults();
    await stand.world.ok('PUT', '/control/meta/settings', { windowErrorMode: 'sync' });
    customer = await stand.customer();
  });

  it('keeps the order of one customer, whatever goes wrong on the way', async () => {
    await stand.faults(
      { kind: 'delay', ms: 200 },
      { kind: 'error', code: 131000 },
      { kind: 'delay', ms: 50 },
    );
    const bodies = Array.from({ length: 12 }, (_, i) => `message ${i}`);
    const ids: string[] = [];
    for (const body of bodies) ids.push(await stand.send(customer, body));
    for (const id of ids) await stand.reaches(id, 'delivered');
    expect(await stand.shown(customer)).toEqual(bodies);
    const [first] = await Promise.all(ids.map((id) => stand.message(id)));
    expect(first).toMatchObject({ open: false, sends: 1, verdict: { decision: 'send_free_form' } });
    expect(first!.verdict).toMatchObject({ facts: { windowOpen: true } });
    expect(first!.pricing).toMatchObject({ category: 'service' });
  });

  it('sends different customers side by side', async () => {
    const others = await Promise.all([stand.customer(), stand.customer(), stand.customer()]);
    await stand.faults({ kind: 'delay', ms: TIMEOUT_MS - 500 });
    const slow = newId('msg');
    stand.onStatus = (payload) => (payload.messageId === slow ? undefined : payload);
    await stand.send(customer, 'slow', { messageId: slow });
    await until('the slow one is under way', async () => (await stand.message(slow))?.called_at);
    const quick = await Promise.all(others.map((other) => stand.send(other, 'quick')));
    for (const id of quick) await stand.reaches(id, 'delivered');
    expect((await stand.message(slow))?.accepted_at).toBeNull();
    await stand.reaches(slow, 'accepted');
  });

  it('writes to a person without a phone number by user id', async () => {
    const made = await stand.world.ok('POST', '/phone/api/customers', { name: 'Hidden', hidePhone: true });
    const thread = `/phone/api/threads/${String(made.customerId)}/${stand.merchant.phoneNumberId}`;
    const hidden = { contactId: 'con_hidden', phone: '', thread };
    await stand.writes(hidden);
    const userId = stand.world.receiver.messages().at(-1)!.from_user_id as string;
    const id = await stand.send(hidden, 'hello', { person: personOf({ userId }) });
    await stand.reaches(id, 'delivered');
    expect((await stand.asked(id)).accepted).toMatchObject([{ recipient: userId }]);
  });

  it('keeps what has no template until the customer writes, and then sends it in order', async () => {
    await stand.pastWindow();
    const first = await stand.send(customer, 'first');
    const second = await stand.send(customer, 'second');
    const waiting = await stand.reaches(first, 'waiting');
    expect(waiting.verdict).toMatchObject({ decision: 'wait_for_customer', why: 'no_template' });
    expect((await stand.asked(first)).refused).toEqual([]);
    await stand.reaches(second, 'queued');
    await stand.writes(customer);
    await stand.reaches(first, 'delivered');
    await stand.reaches(second, 'delivered');
    expect(await stand.shown(customer)).toEqual(['first', 'second']);
  });

  it('sends the template of its purpose when the window is closed', async () => {
    await stand.pastWindow();
    const id = await stand.send(customer, 'On its way!', {
      template: { purpose: 'order_shipped', facts: { order: 'W7K3M9QX', tracking_code: 'TRK\n1' } },
    });
    const message = await stand.reaches(id, 'delivered');
    expect(message.verdict).toMatchObject({
      decision: 'send_template',
      template: { name: 'order_shipped_v1', language: 'en' },
    });
    expect(await stand.shown(customer)).toEqual(['Your order W7K3M9QX is on its way: TRK 1 now.']);
  });

  it('does not open the window by the arrival of a late message', async () => {
    const late = await stand.customer({ greets: false });
    await stand.opens(late, new Date(stand.now.getTime() - 24 * HOUR));
    const id = await stand.send(late, 'hello');
    expect((await stand.reaches(id, 'waiting')).verdict).toMatchObject({ facts: { windowOpen: false } });
  });

  it('never moves the window back', async () => {
    const { channelAccountId } = stand.merchant;
    await stand.emit(noteInbound, {
      channelAccountId,
      contactId: customer.contactId,
      messageId: `wamid.old-${backend}-${customer.phone}`,
      sentAt: new Date(stand.now.getTime() - 48 * HOUR).toISOString(),
    });
    await stand.reaches(await stand.send(customer, 'still open'), 'delivered');
  });

  it.each(['sync', 'async'])(
    'becomes a template when the channel says the window is closed (%s)',
    async (mode) => {
      await stand.world.ok('PUT', '/control/meta/settings', { windowErrorMode: mode });
      const silent = await stand.customer({ greets: false });
      await stand.opens(silent, stand.now); // our clock says open; the channel knows better
      const id = await stand.send(silent, 'On its way!', {
        template: { purpose: 'order_shipped', facts: { order: 'A1', tracking_code: 'T1' } },
      });
      const message = await stand.reaches(id, 'delivered');
      expect(message).toMatchObject({ plan: 2, sends: 2, verdict: { facts: { windowRefused: true } } });
      expect(await stand.shown(silent)).toEqual(['Your order A1 is on its way: T1 now.']);
      // What follows in the same closed window is not tried in vain.
      const next = await stand.send(silent, 'and this');
      await stand.reaches(next, 'waiting');
      expect(await stand.asked(next)).toEqual({ accepted: [], refused: [] });
    },
  );

  it('drops what has passed its deadline while it waited, and lets the next one go', async () => {
    await stand.pastWindow();
    const deadline = new Date(stand.now.getTime() + 60_000).toISOString();
    const stale = await stand.send(customer, 'only today', { deadline });
    const next = await stand.send(customer, 'shipped', {
      template: { purpose: 'order_shipped', facts: { order: 'B2', tracking_code: 'T2' } },
    });
    await stand.reaches(stale, 'waiting');
    await stand.advance(61_000);
    expect(await stand.reaches(stale, 'dropped')).toMatchObject({
      verdict: { decision: 'drop', reason: 'deadline_passed' },
    });
    await stand.reaches(next, 'delivered');
    expect((await stand.asked(stale)).accepted).toEqual([]);
  });

  describe('a lost answer', () => {
    it('is settled by the status that carries our id: exactly one message', async () => {
      await stand.faults({ kind: 'timeout-after-accept' });
      const id = await stand.send(customer, 'once');
      const follower = await stand.send(customer, 'after it');
      await stand.reaches(id, 'delivered');
      await stand.reaches(follower, 'delivered');
      expect(await stand.shown(customer)).toEqual(['once', 'after it']);
      expect((await stand.asked(id)).accepted).toHaveLength(1);
      // Nor does the task send it again when it looks once more.
      await new Promise((resume) => setTimeout(resume, GRACE_MS + 700));
      expect((await stand.asked(id)).accepted).toHaveLength(1);
      expect(await stand.message(id)).toMatchObject({ sends: 1, possible_duplicate: false });
    });

    it('holds up the line until a late status comes', async () => {
      const held: Record<string, unknown>[] = [];
      stand.onStatus = (payload) => void held.push(payload);
      await stand.faults({ kind: 'timeout-after-accept' });
      const id = await stand.send(customer, 'once');
      const follower = await stand.send(customer, 'after it');
      await stand.reaches(id, 'indeterminate');
      expect((await stand.message(follower))?.state).toBe('queued');
      stand.onStatus = (payload) => payload;
      await stand.emit(recordStatus, {
        ...held[0],
        channelAccountId: stand.merchant.channelAccountId,
      } as never);
      await stand.reaches(follower, 'delivered');
      expect((await stand.asked(id)).accepted).toHaveLength(1);
    });

    it('waits for a status that came in time and still stands in a line', async () => {
      const id = newId('msg');
      const letGo = await stand.holdStream(recordStatus.queue.name, WHOLE_QUEUE); // nobody takes it up
      await stand.faults({ kind: 'timeout-after-accept' });
      await stand.send(customer, 'once', { messageId: id });
      await stand.reaches(id, 'indeterminate');
      await new Promise((resume) => setTimeout(resume, GRACE_MS + 700));
      expect(await stand.message(id)).toMatchObject({ state: 'indeterminate', sends: 1 });
      await letGo();
      await stand.reaches(id, 'delivered');
      expect((await stand.asked(id)).accepted).toHaveLength(1);
    });

    it('goes out once more, marked, when no status comes in time', async () => {
      await stand.faults({ kind: 'reset' });
      const id = await stand.send(customer, 'lost on the way');
      const follower = await stand.send(customer, 'after it');
      const message = await stand.reaches(id, 'delivered');
      expect(message).toMatchObject({ possible_duplicate: true, sends: 2, plan: 2 });
      await stand.reaches(follower, 'delivered');
      expect(await stand.shown(customer)).toEqual(['lost on the way', 'after it']);
    });

    it('is given up after the second time, and the line goes on', async () => {
      await stand.faults({ kind: 'reset' }, { kind: 'reset' });
      const id = await stand.send(customer, 'lost twice');
      const follower = await stand.send(customer, 'after it');
      await stand.reaches(follower, 'delivered');
      expect(await stand.message(id)).toMatchObject({ state: 'indeterminate', open: false, sends: 2 });
    });
  });

  it('takes statuses that come before the answer', async () => {
    await stand.faults({ kind: 'delay', ms: 300 });
    const id = await stand.send(customer, 'fast');
    await stand.reaches(id, 'delivered');
    await until('the answer is in', async () => {
      const { rows } = await stand.owner.query(
        `SELECT 1 FROM journal.items WHERE name = 'outbound.call-channel.v1' AND payload->>'messageId' = $1
           AND settled_at IS NOT NULL`,
        [id],
      );
      return rows.length > 0;
    });
    expect(await stand.message(id)).toMatchObject({ state: 'delivered', sends: 1 });
  });

  it('keeps statuses without our id until the answer names their message', async () => {
    stand.onStatus = (payload) => ({ ...payload, messageId: undefined });
    await stand.faults({ kind: 'delay', ms: 1_500 });
    const id = await stand.send(customer, 'fast');
    await until('statuses wait', async () => {
      const { rows } = await stand.owner.query('SELECT 1 FROM outbound.early_statuses');
      return rows.length === 2;
    });
    expect((await stand.message(id))?.state).toBe('sending');
    await stand.reaches(id, 'delivered');
    expect((await stand.owner.query('SELECT 1 FROM outbound.early_statuses')).rows).toEqual([]);
  });
});
