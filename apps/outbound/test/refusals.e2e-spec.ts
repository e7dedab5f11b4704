import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { advanceRecipient, callChannel, recordTemplateStatus } from '#contracts';
import { until } from '#testing';
import { GRACE_MS, Stand, type Customer } from './support/stand.js';

describe('refusals', () => {
  let stand: Stand;
  let customer: Customer;

  beforeAll(async () => {
    stand = await Stand.start();
    await stand.template('order_delivered', 'order_delivered_v1', 'Your order {{1}} was delivered today.', [
      'order',
    ]);
  }, 60_000);
  afterAll(() => stand.stop());
  beforeEach(async () => {
    stand.onStatus = (payload) => payload;
    await stand.faults();
    customer = await stand.customer();
  });

  const sender = async () =>
    (
      await stand.owner.query(`SELECT * FROM outbound.senders WHERE channel_account_id = $1`, [
        stand.merchant.channelAccountId,
      ])
    ).rows[0] as Record<string, unknown> | undefined;

  it('131056 slows this pair only, and keeps its order', async () => {
    const other = await stand.customer();
    await stand.faults({ kind: 'error', code: 131056 });
    const first = await stand.send(customer, 'first');
    const second = await stand.send(customer, 'second');
    await until('it was refused', async () => (await stand.asked(first)).refused.length > 0);
    const elsewhere = await stand.send(other, 'elsewhere');
    await stand.reaches(elsewhere, 'delivered');
    expect((await stand.message(first))?.state).toBe('queued');
    expect((await stand.message(first))?.verdict).toMatchObject({ decision: 'wait', why: 'pair_held' });
    await stand.reaches(second, 'delivered');
    expect(await stand.shown(customer)).toEqual(['first', 'second']);
    expect(await sender()).toMatchObject({ slowed_to: null });
  });

  it('131056 is not provoked: what exceeds the pair rate waits its turn', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 50; i++) ids.push(await stand.send(customer, `message ${i}`));
    const waits = () =>
      stand.owner.query(
        `SELECT message_id FROM outbound.messages WHERE state = 'queued' AND verdict->>'why' = 'pair_rate'`,
      );
    const { rows } = await until(
      'one waits',
      async () => {
        const found = await waits();
        return found.rows.length > 0 && found;
      },
      25_000,
    );
    expect(ids.indexOf((rows[0] as { message_id: string }).message_id)).toBeGreaterThanOrEqual(45);
    for (const id of ids) await until('it is in line', () => stand.message(id));
    const timers = await stand.owner.query(
      `SELECT FROM journal.items WHERE name = $1 AND stream LIKE '%' || $2 AND settled_at IS NULL`,
      [advanceRecipient.name, customer.contactId],
    );
    expect(timers.rows.length).toBeLessThanOrEqual(2); // each message that came looked at the same head
    await stand.advance(60_000);
    for (const id of ids) await stand.reaches(id, 'delivered');
    const asked = await Promise.all(ids.map((id) => stand.asked(id)));
    expect(asked.flatMap((a) => a.refused)).toEqual([]);
    expect(await stand.shown(customer)).toEqual(ids.map((_, i) => `message ${i}`));
  });

  it('130429 eases the rate of the number and sends again', async () => {
    await stand.faults({ kind: 'error', code: 130429 });
    const id = await stand.send(customer, 'too fast');
    await stand.reaches(id, 'delivered');
    expect(await sender()).toMatchObject({ slowed_to: 76 });
  });

  it('190 pauses the account, keeps its messages, and one of them tries the new token first', async () => {
    const others = await Promise.all([stand.customer(), stand.customer()]);
    const dead = { kind: 'error', code: 190 };
    await stand.faults(dead, dead);
    const id = await stand.send(customer, 'with a dead token');
    await until('the account is paused', async () => (await sender())?.pause_reason === 'auth');
    const later = await Promise.all(others.map((other) => stand.send(other, 'meanwhile')));
    for (const m of later) await until('it waits', async () => (await stand.message(m))?.verdict);
    expect((await stand.message(later[0]!))?.verdict).toMatchObject({
      why: 'account_paused',
      facts: { pauseReason: 'auth' },
    });
    expect(await stand.message(id)).toMatchObject({ sends: 1, verdict: { why: 'account_paused' } });
    await stand.advance(61_000);
    await until('one of them tried', async () => (await sender())?.pauses === 2, 20_000);
    await stand.advance(1_000);
    const all = await Promise.all([id, ...later].map((m) => stand.message(m)));
    expect(all.reduce((sum, m) => sum + m!.sends, 0)).toBe(2);
    await stand.advance(5 * 60_000);
    const wentOut = async (): Promise<boolean> => {
      await stand.advance(5_000);
      const now = await Promise.all([id, ...later].map((m) => stand.message(m)));
      return now.every((m) => m?.state === 'delivered');
    };
    await until('everything went out', wentOut, 30_000);
    expect(await sender()).toMatchObject({ pause_reason: null, paused_until: null, pauses: 0 });
  }, 60_000);

  it('190 pauses the account though a call that was under way is accepted', async () => {
    const other = await stand.customer();
    await stand.faults({ kind: 'delay', ms: 1_000 }, { kind: 'error', code: 190 });
    const slow = await stand.send(customer, 'under way');
    await until('it is called', async () => (await stand.asked(slow)).accepted.length > 0);
    const refused = await stand.send(other, 'with a dead token');
    await until('the account is paused', async () => (await sender())?.pause_reason === 'auth');
    const answered = `SELECT FROM journal.items
      WHERE name = $1 AND payload->>'messageId' = $2 AND settled_at IS NOT NULL`;
    await until('the answer came', async () => {
      const { rows } = await stand.owner.query(answered, [callChannel.name, slow]);
      return rows.length > 0;
    });
    expect(await sender()).toMatchObject({ pause_reason: 'auth', pauses: 1 });
    await stand.advance(61_000);
    await stand.reaches(refused, 'delivered');
  });

  it('of two that find a pause over at the same moment one goes first', async () => {
    const { channelAccountId } = stand.merchant;
    const two = [customer, await stand.customer()];
    await stand
      .send(customer, 'so that the number has a sender')
      .then((id) => stand.reaches(id, 'delivered'));
    await stand.owner.query(
      `UPDATE outbound.senders SET paused_at = now(), paused_until = now() + interval '10 years', pause_reason = 'auth'`,
    );
    const ids = await Promise.all(two.map((one) => stand.send(one, 'soon')));
    for (const id of ids) await until('it waits', async () => (await stand.message(id))?.verdict?.why);
    const over = new Date(stand.now.getTime() - 1_000);
    await stand.owner.query(`UPDATE outbound.senders SET paused_until = $1`, [over]);
    const other = new pg.Client({ connectionString: stand.database.ownerUrl });
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM outbound.senders FOR UPDATE');
    await stand.faults({ kind: 'delay', ms: 1_000 });
    for (const { contactId } of two) {
      await stand.emit(advanceRecipient, { channelAccountId, contactId, occasion: 'both_at_once' });
    }
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    try {
      const both = async () => (await stand.owner.query(waiting)).rows.length === 2;
      await until('both wait for the number', both);
    } finally {
      await other.end();
    }
    const settled = `SELECT FROM journal.items WHERE external_id LIKE '%both_at_once%' AND settled_at IS NOT NULL`;
    await until('both were judged', async () => (await stand.owner.query(settled)).rows.length === 2);
    const both = await Promise.all(ids.map((id) => stand.message(id)));
    expect(both.map((m) => m?.plan).toSorted()).toEqual([0, 1]);
    await stand.advance(20_000);
    for (const id of ids) await stand.reaches(id, 'delivered');
  });

  it('a paused template holds the message until the template is back', async () => {
    await stand.setTemplate('order_delivered_v1', 'PAUSED');
    await stand.pastWindow();
    const id = await stand.send(customer, 'Delivered!', {
      template: { purpose: 'order_delivered', facts: { order: 'C3' } },
    });
    const waiting = await stand.reaches(id, 'waiting');
    expect(waiting.verdict).toMatchObject({
      why: 'template_not_sendable',
      facts: { template: { state: 'PAUSED' } },
    });
    await stand.setTemplate('order_delivered_v1', 'APPROVED');
    await stand.reaches(id, 'delivered');
    expect(await stand.shown(customer)).toEqual(['Your order C3 was delivered today.']);
  });

  it('the release before says of a template what counts here as well', async () => {
    const { businessAccountId } = stand.merchant;
    const said = (event: string) =>
      stand.emit(recordTemplateStatus, {
        businessAccountId,
        name: 'order_delivered_v1',
        language: 'en',
        event,
        at: stand.now.toISOString(),
      });
    await said('PAUSED');
    await stand.pastWindow();
    const id = await stand.send(customer, 'Delivered!', {
      template: { purpose: 'order_delivered', facts: { order: 'C4' } },
    });
    await stand.reaches(id, 'waiting');
    await said('APPROVED');
    await stand.reaches(id, 'delivered');
  });

  it('132015 sets the template aside though no one announced it', async () => {
    await stand.pastWindow();
    await stand.faults({ kind: 'error', code: 132015 });
    const id = await stand.send(customer, 'Delivered!', {
      template: { purpose: 'order_delivered', facts: { order: 'D4' } },
    });
    const waiting = await stand.reaches(id, 'waiting');
    expect(waiting.verdict).toMatchObject({ why: 'template_not_sendable' });
    await stand.advance(3 * 3_600_000);
    await stand.reaches(id, 'delivered');
  });

  it('a faulty request becomes a dead letter, lets the line go on, and can be redriven', async () => {
    await stand.faults({ kind: 'error', code: 131009 });
    const id = await stand.send(customer, 'refused for its shape');
    const follower = await stand.send(customer, 'after it');
    expect(await stand.reaches(id, 'failed')).toMatchObject({ error: { code: 131009, class: 'request' } });
    await stand.reaches(follower, 'delivered');
    const parked = async () =>
      (
        await stand.owner.query(
          `SELECT id FROM journal.items WHERE parked_at IS NOT NULL AND settled_at IS NULL
             AND payload->>'messageId' = $1`,
          [id],
        )
      ).rows as { id: string }[];
    const [letter] = await until('it is parked', async () => {
      const rows = await parked();
      return rows.length === 1 && rows;
    });
    const run = (more: string): Promise<unknown> =>
      stand.owner.query(
        `UPDATE journal.items SET parked_at = NULL, attempts = 0, due_at = now() - interval '1 minute'${more} WHERE id = $1`,
        [letter!.id],
      );
    // As if the process had ended before it was parked: nobody has redriven it.
    await run('');
    await until('it is parked again', async () => (await parked()).length === 1);
    expect(await stand.reaches(id, 'failed')).toMatchObject({ sends: 1 });
    await run(', redrives = redrives + 1');
    await stand.reaches(id, 'delivered');
  });

  it('content that cannot be rendered fails without a call', async () => {
    const id = await stand.send(customer, '', {
      content: { type: 'link', body: 'Pay', label: 'Pay', url: 'not a link' },
    });
    expect(await stand.reaches(id, 'failed')).toMatchObject({ sends: 0, error: { class: 'request' } });
  });

  it('a person who cannot be reached: the message fails, the next one is tried', async () => {
    await stand.faults({ kind: 'error', code: 131026 });
    const id = await stand.send(customer, 'to nobody');
    const next = await stand.send(customer, 'to somebody');
    expect(await stand.reaches(id, 'failed')).toMatchObject({ error: { class: 'recipient' } });
    await stand.reaches(next, 'delivered');
    const { rows } = await stand.owner.query(
      `SELECT 1 FROM journal.items WHERE parked_at IS NOT NULL AND payload->>'messageId' = $1`,
      [id],
    );
    expect(rows).toEqual([]);
  });

  describe('a crash between mark and answer', () => {
    /** The message as a killed process leaves it: marked as called, its task not settled. */
    async function crashed(called: 'before the call' | 'after the call'): Promise<string> {
      const { merchantId, channelAccountId, phoneNumberId, accessToken } = stand.merchant;
      const messageId = `msg_crash_${customer.phone}`;
      await stand.owner.query(
        `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
           thread_id, state, plan, verdict, planned_at, slot_at, called_at, sends, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'thr_1', 'sending', 1, '{"decision":"send_free_form"}', $7, $7, $7, 1, $7)`,
        [
          merchantId,
          messageId,
          channelAccountId,
          customer.contactId,
          { waId: customer.phone },
          { type: 'text', body: 'just once' },
          stand.now,
        ],
      );
      if (called === 'after the call') {
        const sent = await stand.world.graph(
          'POST',
          `${phoneNumberId}/messages`,
          {
            messaging_product: 'whatsapp',
            to: `+${customer.phone}`,
            type: 'text',
            text: { body: 'just once' },
            biz_opaque_callback_data: messageId,
          },
          accessToken,
        );
        expect(sent.status).toBe(200);
      }
      await stand.emit(callChannel, { channelAccountId, messageId, plan: 1 });
      return messageId;
    }

    it('sends nothing more when the call had been made', async () => {
      const id = await crashed('after the call');
      await stand.reaches(id, 'delivered');
      await sleep(GRACE_MS + 700);
      expect((await stand.asked(id)).accepted).toHaveLength(1);
      expect(await stand.shown(customer)).toEqual(['just once']);
    });

    it('waits for a status and then sends, when the call had not been made', async () => {
      const id = await crashed('before the call');
      expect(await stand.reaches(id, 'indeterminate')).toMatchObject({ sends: 1 });
      expect(await stand.reaches(id, 'delivered')).toMatchObject({ possible_duplicate: true });
      expect(await stand.shown(customer)).toEqual(['just once']);
    });
  });

  it('tells its health and its metrics', async () => {
    expect((await fetch(`${stand.url}/health/ready`)).status).toBe(200);
    const metrics = await (await fetch(`${stand.url}/metrics`)).text();
    const counted = (line: string) => metrics.split('\n').some((l) => l.startsWith(`${line} `));
    expect(counted('waco_outbound_sends_total{outcome="accepted",class=""}')).toBe(true);
    expect(counted('waco_outbound_sends_total{outcome="refused",class="pair_rate"}')).toBe(true);
    expect(counted('waco_outbound_verdicts_total{decision="wait",reason="pair_rate"}')).toBe(true);
  });
});
