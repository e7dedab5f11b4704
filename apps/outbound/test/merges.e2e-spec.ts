import { advanceRecipient, mergeRecipients, noteInbound, recordStatus } from '#contracts';
import { recipientStream } from '#core/messaging';
import { newId } from '#platform';
import { until } from '#testing';
import { Stand, type Customer } from './support/stand.js';

const LATE_FAILURE = [{ code: 131047, title: 'late' }];

/** One person, whom messages were sent to under two contacts; no window is open. */
describe('two recipients that turn out to be one person', () => {
  let stand: Stand;
  let gone: Customer;
  let kept: Customer;

  beforeAll(async () => {
    stand = await Stand.start();
  }, 60_000);
  afterAll(() => stand.stop());
  beforeEach(async () => {
    await stand.faults();
    stand.onStatus = (payload) => payload;
    gone = await stand.customer({ greets: false });
    kept = { ...gone, contactId: `${gone.contactId}_kept` };
  });

  /** It has a template fallback, and no template: it waits for the customer and has no deadline. */
  const waiting = { template: { purpose: 'order_shipped' as const, facts: { order: 'A1' } } };
  const merge = (from: Customer, to: Customer): Promise<void> =>
    stand.emit(mergeRecipients, {
      channelAccountId: stand.merchant.channelAccountId,
      keptContactId: to.contactId,
      goneContactId: from.contactId,
    });
  const writes = async (as: Customer): Promise<void> => {
    await stand.world.ok('POST', `${as.thread}/messages`, { type: 'text', text: 'hi' });
    await stand.opens(as, stand.now);
  };
  const merged = (from: Customer): Promise<unknown> =>
    until('it is merged', async () => {
      const rows = await recipient(from);
      return rows?.merged_into !== null && rows !== undefined;
    });
  const recipient = async ({ contactId }: Customer): Promise<Record<string, unknown> | undefined> =>
    (await stand.owner.query(`SELECT * FROM outbound.recipients WHERE contact_id = $1`, [contactId]))
      .rows[0] as Record<string, unknown> | undefined;
  const contactOf = async (messageId: string): Promise<unknown> =>
    (await stand.message(messageId))?.contact_id;
  const sentOnce = async (...ids: string[]): Promise<void> => {
    for (const id of ids) expect((await stand.asked(id)).accepted).toHaveLength(1);
  };

  it('what waits in the line that ends goes out with the next message of the person, in order, once', async () => {
    const first = await stand.send(gone, 'first', waiting);
    await stand.reaches(first, 'waiting');
    const second = await stand.send(kept, 'second', waiting);
    await stand.reaches(second, 'waiting');
    const third = await stand.send(gone, 'third', waiting);
    await until('it stands in line', () => stand.message(third));
    await merge(gone, kept);
    await merged(gone);
    await writes(kept);
    const fourth = await stand.send(kept, 'fourth');
    for (const id of [first, second, third, fourth]) await stand.reaches(id, 'delivered');
    expect(await stand.shown(kept)).toEqual(['first', 'second', 'third', 'fourth']);
    await sentOnce(first, second, third, fourth);
  });

  it('a message from after the merge comes after one from before it that is not in line yet', async () => {
    await writes(kept);
    const line = recipientStream(stand.merchant.channelAccountId, gone.contactId);
    const letGo = await stand.holdStream(mergeRecipients.queue.name, line);
    const before = await stand.send(gone, 'before');
    await merge(gone, kept);
    const after = await stand.send(kept, 'after');
    await until('the merge waits for it', async () => {
      const { rows } = await stand.owner.query(
        `SELECT FROM journal.items WHERE name = $1 AND blocking AND payload ->> 'goneContactId' = $2`,
        [mergeRecipients.name, gone.contactId],
      );
      return rows.length > 0;
    });
    await letGo();
    for (const id of [before, after]) await stand.reaches(id, 'delivered');
    expect(await stand.shown(kept)).toEqual(['before', 'after']);
    await sentOnce(before, after);
  });

  it('whatever still comes for the contact that is gone lands in the line of the one that is kept', async () => {
    const { channelAccountId } = stand.merchant;
    const held = await stand.send(kept, 'held', waiting);
    await stand.reaches(held, 'waiting');
    await merge(gone, kept); // the recipient that is gone was never heard of
    await merged(gone);
    const late = await stand.send(gone, 'late', waiting);
    await until('it is in line', () => stand.message(late));
    expect(await contactOf(late)).toBe(kept.contactId);
    await stand.world.ok('POST', `${kept.thread}/messages`, { type: 'text', text: 'hi' });
    // The customer's message was noted under the contact that is gone.
    await stand.emit(noteInbound, {
      channelAccountId,
      contactId: gone.contactId,
      messageId: newId('wamid'),
      sentAt: stand.now.toISOString(),
    });
    for (const id of [held, late]) await stand.reaches(id, 'delivered');
    expect(await stand.shown(kept)).toEqual(['held', 'late']);
    await stand.owner.query(
      `UPDATE outbound.messages SET state = 'queued', open = true, plan = 9 WHERE message_id = $1`,
      [late],
    );
    await stand.emit(advanceRecipient, { channelAccountId, contactId: gone.contactId, occasion: 'a_timer' });
    await until('a timer of the contact that is gone moves the line on', async () => {
      return (await stand.asked(late)).accepted.length === 2;
    });
  });

  it('of a chain, in whatever order its merges come, and come again', async () => {
    const [a, b, c] = [gone, { ...gone, contactId: `${gone.contactId}_b` }, kept];
    const ids = [await stand.send(a, 'one', waiting)];
    await stand.reaches(ids[0]!, 'waiting');
    await merge(b, c);
    await merge(a, b); // named after the contact that was kept when it was found out
    await merged(a);
    ids.push(await stand.send(a, 'two', waiting), await stand.send(b, 'three', waiting));
    for (const id of ids) await until('it is in line', async () => (await contactOf(id)) === c.contactId);
    await stand.owner.query(
      `UPDATE journal.items SET settled_at = NULL, outcome = NULL, due_at = now() - interval '1 minute'
       WHERE name = $1 AND payload ->> 'channelAccountId' = $2`,
      [mergeRecipients.name, stand.merchant.channelAccountId],
    );
    await until('all are applied again', async () => {
      const { rows } = await stand.owner.query(
        `SELECT FROM journal.items WHERE name = $1 AND settled_at IS NULL`,
        [mergeRecipients.name],
      );
      return rows.length === 0;
    });
    await writes(c);
    for (const id of ids) await stand.reaches(id, 'delivered');
    expect((await stand.shown(c)).toSorted()).toEqual(['one', 'three', 'two']);
    await sentOnce(...ids);
  });

  it('a message that is being called while its recipients are merged is sent once, and its line goes on', async () => {
    await stand.opens(gone, stand.now);
    await writes(kept);
    // The answer alone settles it, after the merge.
    stand.onStatus = () => undefined;
    await stand.faults({ kind: 'delay', ms: 800 });
    const under = await stand.send(gone, 'under way');
    const behind = await stand.send(gone, 'behind it');
    await until('it is called', async () => (await stand.message(under))?.called_at);
    await merge(gone, kept);
    await merged(gone);
    const after = await stand.send(kept, 'after');
    expect(await stand.message(under)).toMatchObject({ state: 'sending', contact_id: kept.contactId });
    for (const id of [under, behind, after]) await stand.reaches(id, 'accepted');
    expect(await stand.shown(kept)).toEqual(['under way', 'behind it', 'after']);
    await sentOnce(under, behind, after);
  });

  it('a message that had left its line, and fails late, goes out again in the line of the contact that is kept', async () => {
    await writes(gone);
    // Its own statuses are kept back: it is said to have failed instead.
    stand.onStatus = () => undefined;
    const id = await stand.send(gone, 'fails late');
    const { channel_message_id: channelMessageId } = await stand.reaches(id, 'accepted');
    await merge(gone, kept);
    await merged(gone);
    expect(await contactOf(id)).toBe(gone.contactId);
    stand.onStatus = (payload) => payload;
    await stand.emit(recordStatus, {
      channelAccountId: stand.merchant.channelAccountId,
      channelMessageId: channelMessageId!,
      messageId: id,
      status: 'failed',
      at: stand.now.toISOString(),
      errors: LATE_FAILURE,
    });
    await until('it waits for the person', async () => (await stand.message(id))?.open);
    expect(await contactOf(id)).toBe(kept.contactId);
    await stand.advance(1_000);
    await writes(kept);
    await stand.reaches(id, 'delivered');
    expect((await stand.asked(id)).accepted).toHaveLength(2);
  });

  it('has the later window, and of each limit the stricter', async () => {
    const { merchantId, channelAccountId } = stand.merchant;
    const { now } = stand;
    const hold = new Date(now.getTime() + 60_000);
    for (const [contact, inbound, level, holdUntil] of [
      [gone, now, 0, hold],
      [kept, new Date(now.getTime() - 3_600_000), -44.5, null],
    ] as const) {
      await stand.owner.query(
        `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, last_inbound_at, window_refused,
           pair_level, pair_at, pair_hold_until, pair_refusals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 2)`,
        [merchantId, channelAccountId, contact.contactId, inbound, contact === kept, level, now, holdUntil],
      );
    }
    await merge(gone, kept);
    await merged(gone);
    const joined = (await recipient(kept))!;
    expect(joined).toMatchObject({
      last_inbound_at: now,
      window_refused: false,
      pair_hold_until: hold,
      pair_refusals: 2,
    });
    expect(joined.pair_level).toBeLessThan(-42);
    const held = await stand.send(kept, 'not before the hold is over');
    await until('it waits', async () => (await stand.message(held))?.verdict);
    expect((await stand.message(held))?.verdict).toMatchObject({ why: 'pair_held' });
  });

  it('under a crowd of requests for both, everything is said once, each line in its order', async () => {
    await writes(kept);
    const ids: string[] = [];
    const say = async (to: Customer, body: string): Promise<void> => {
      ids.push(await stand.send(to, body));
    };
    const two = async (to: Customer, name: string): Promise<void> => {
      for (let i = 1; i <= 12; i++) await say(to, `${name} ${String(i).padStart(2, '0')}`);
    };
    await Promise.all([two(gone, 'g'), two(kept, 'k'), merge(gone, kept)]);
    for (const id of ids) await stand.reaches(id, 'delivered');
    const shown = await stand.shown(kept);
    expect(shown).toHaveLength(24);
    for (const name of ['g', 'k']) {
      const own = shown.filter((text) => text.startsWith(name));
      expect(own).toEqual(own.toSorted());
      expect(own).toHaveLength(12);
    }
    await sentOnce(...ids);
  });
});
