import { receiveMessage } from '#contracts';
import { newId } from '#platform';
import { arrivalOf as arrivalFrom } from '../../ingest-gateway/src/sources/app-webhooks.js';
import { at, insertItem, PHONE } from './rows.js';
import { onboard, startAdmin, type AdminUnderTest } from './support.js';

type Arriving = Parameters<typeof arrivalFrom> extends [string, ...infer Rest] ? Rest : never;
type Inbound = Arriving[0];

const arrivalOf = (...arriving: Arriving) => arrivalFrom('whatsapp', ...arriving);

let numbers = 0;

/** A message as the gateway takes it from a webhook, to a number of its own. */
function message(overrides: Partial<Inbound> = {}): Inbound {
  numbers++;
  const id = `wamid.in.${numbers}`;
  return {
    field: 'messages',
    kind: 'message',
    accountId: `10229012934${numbers}`,
    senderId: `10654035224${numbers}`,
    externalId: `message/${id}`,
    occurredAt: at(0),
    payload: {
      channel: 'whatsapp',
      person: { waId: PHONE, name: 'Sheena' },
      messageId: id,
      sentAt: at(0).toISOString(),
      content: { type: 'text', text: 'hi' },
    },
    ...overrides,
  } as Inbound;
}

describe('repairing what happened', () => {
  let admin: AdminUnderTest;

  beforeAll(async () => {
    admin = await startAdmin();
  });
  afterAll(() => admin.close());

  /** Stores what the gateway stores of an item that it can lead to no merchant. */
  async function quarantine(inbound: Inbound, reason: string, signedBy?: string, received = at(0)) {
    const routed = { outcome: 'quarantined', reason } as Arriving[1];
    const { item } = arrivalOf(inbound, routed, at(0), signedBy);
    return insertItem(admin.owner, {
      ...item,
      outcome: item.settled!.outcome,
      reason: item.settled!.reason,
      createdAt: received,
    });
  }

  async function connect(merchantId: string, inbound: Inbound, enabled = true, since = at(-60)) {
    const accountId = newId('acc');
    await admin.owner.query(
      `INSERT INTO tenancy.channel_accounts (id, merchant_id, kind, business_account_id, phone_number_id,
         display_phone_number, access_token, enabled, created_at)
       VALUES ($1, $2, 'whatsapp', $3, $4, '+971', 'sealed', $5, $6)`,
      [accountId, merchantId, inbound.accountId, inbound.senderId, enabled, since],
    );
    return accountId;
  }

  const replay = (id: string) => admin.call('POST', `/v1/quarantine/${id}/replay`);
  const rowOf = async (id: string) =>
    (await admin.owner.query(`SELECT * FROM journal.items WHERE id = $1`, [id])).rows[0];
  const itemsOf = async (merchantId: string) =>
    (
      await admin.owner.query(
        `SELECT service, queue, stream, name, source, external_id, payload, settled_at, outcome FROM journal.items
         WHERE merchant_id = $1 ORDER BY id`,
        [merchantId],
      )
    ).rows;

  describe('the quarantine', () => {
    it('is for operators, shows numbers masked, and says where each item would go', async () => {
      const { merchantId, key } = await onboard(admin);
      const inbound = message();
      const id = await quarantine(inbound, 'unknown_sender');
      const refused = await admin.call('GET', '/v1/quarantine', { key });
      expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);

      const before = await admin.call('GET', '/v1/quarantine?reason=unknown_sender&limit=1');
      expect(before.json.items[0]).toMatchObject({
        id,
        senderId: inbound.senderId,
        destination: { merchantId: null, why: 'not_connected', help: 'connect the number, then replay it' },
        payload: { payload: { person: { waId: '+9715•••••573' } } },
      });
      expect(before.text).not.toContain(PHONE);
      const early = await replay(id);
      expect([early.status, early.json.code, early.json.why]).toEqual([
        409,
        'not_replayable',
        'not_connected',
      ]);

      await connect(merchantId, inbound);
      const after = await admin.call('GET', '/v1/quarantine?limit=1');
      expect(after.json.items[0].destination).toEqual({ merchantId, why: null, help: null });
    });

    it('lists, shows and replays what the release before quarantined, under its own names', async () => {
      const { merchantId } = await onboard(admin);
      const inbound = message();
      const id = await quarantine(inbound, 'unknown_phone_number');
      await admin.owner.query(
        `UPDATE journal.items SET payload = (payload::jsonb - '{senderId,accountId}'::text[]
           || jsonb_build_object('phoneNumberId', payload->'senderId', 'businessAccountId', payload->'accountId'))::json
         WHERE id = $1`,
        [id],
      );
      const [listed] = (await admin.call('GET', '/v1/quarantine?reason=unknown_sender&limit=1')).json.items;
      const { senderId, accountId } = inbound;
      expect(listed).toMatchObject({ id, senderId, accountId, destination: { why: 'not_connected' } });
      await connect(merchantId, inbound);
      const range = { from: at(-1).toISOString(), to: at(1).toISOString() };
      const replayed = await admin.call('POST', `/v1/merchants/${merchantId}/replay`, { body: range });
      expect([replayed.status, replayed.json.queued.quarantined]).toEqual([202, 1]);
    });

    it('gives an item to its merchant as the gateway would have, once', async () => {
      const { merchantId, key } = await onboard(admin);
      const inbound = message();
      const id = await quarantine(inbound, 'unknown_sender');
      const channelAccountId = await connect(merchantId, inbound);
      const refused = await admin.call('POST', `/v1/quarantine/${id}/replay`, { key });
      expect(refused.status).toBe(403);

      const answer = await replay(id);
      expect([answer.status, answer.json]).toEqual([
        202,
        { id, merchantId, outcome: 'queued', name: receiveMessage.name },
      ]);
      const { item } = arrivalOf(inbound, { outcome: 'merchant', merchantId, channelAccountId }, at(0));
      const { service, queue, stream, name, source, externalId, payload } = item;
      expect(await itemsOf(merchantId)).toEqual([
        expect.objectContaining({
          service,
          queue,
          stream,
          name,
          source,
          external_id: externalId,
          payload,
          settled_at: null,
          outcome: null,
        }),
      ]);
      expect((await rowOf(id)).outcome).toBe('replayed');
      expect((await replay(id)).status).toBe(404);
      expect(await itemsOf(merchantId)).toHaveLength(1);
    });

    it('knows when the merchant had the item already', async () => {
      const { merchantId } = await onboard(admin);
      const inbound = message();
      const id = await quarantine(inbound, 'unknown_sender');
      const channelAccountId = await connect(merchantId, inbound);
      const { item } = arrivalOf(inbound, { outcome: 'merchant', merchantId, channelAccountId }, at(0));
      await insertItem(admin.owner, { ...item, outcome: 'done' });
      expect((await replay(id)).json.outcome).toBe('duplicate');
      expect(await itemsOf(merchantId)).toHaveLength(1);
    });

    it.each([
      ['was signed by another merchant', 'unknown_sender', { signed: true }, 'another_merchants_app'],
      ['was for a merchant that is closed', 'closed', {}, 'closed'],
      ['came when the number was somebody else’s', 'disabled', { since: at(60) }, 'another_merchant'],
      ['names another business account', 'accounts_disagree', { other: true }, 'accounts_disagree'],
      ['is for a number that is switched off', 'disabled', { enabled: false }, 'disabled'],
    ] as const)('keeps what %s', async (_what, reason, given, why) => {
      const { merchantId } = await onboard(admin);
      const { merchantId: another } = await onboard(admin);
      const { signed, since, other, enabled } = {
        signed: false,
        since: at(-60),
        other: false,
        enabled: true,
        ...given,
      };
      const inbound = message();
      const id = await quarantine(inbound, reason, signed ? another : undefined);
      const account = other ? { ...inbound, accountId: '999999999' } : inbound;
      await connect(merchantId, account, enabled, since);
      const answer = await replay(id);
      expect([answer.status, answer.json.why]).toEqual([409, why]);
      expect(await itemsOf(merchantId)).toEqual([]);
      expect((await rowOf(id)).outcome).toBe('quarantined');
    });

    it('keeps what only its evidence was stored of', async () => {
      const id = await insertItem(admin.owner, {
        merchantId: null,
        service: 'quarantine',
        queue: 'quarantine',
        stream: 'quarantine/stripe',
        name: 'ingest.quarantined',
        source: 'stripe',
        externalId: 'event/evt_foreign',
        payload: { eventId: 'evt_foreign', owner: 'mer_1', signedBy: 'mer_2' },
        occurredAt: at(0),
        outcome: 'quarantined',
        reason: 'another_merchant',
      });
      expect((await replay(id)).json.why).toBe('not_kept');
    });
  });

  describe('the replay of a range', () => {
    const RANGE = { from: at(0).toISOString(), to: at(60).toISOString() };

    async function mixedRange() {
      const { merchantId, key } = await onboard(admin);
      const inbound = message();
      const channelAccountId = await connect(merchantId, inbound);
      const routed = { outcome: 'merchant', merchantId, channelAccountId } as const;
      const add = (minutes: number, given: object, overrides: Partial<Inbound> = {}) => {
        const { item } = arrivalOf(
          { ...message(), ...overrides, occurredAt: at(minutes) } as Inbound,
          routed,
          at(0),
        );
        return insertItem(admin.owner, { ...item, outcome: undefined, reason: undefined, ...given });
      };
      const job = { source: 'job', service: 'checkout', queue: 'errands', name: 'checkout.place-order.v1' };
      const ids = {
        done: await add(1, { outcome: 'done' }),
        skipped: await add(2, { outcome: 'skipped', reason: 'no such order' }),
        skippedJob: await add(3, { ...job, stream: 'job/1', outcome: 'skipped', reason: 'not wanted' }),
        parked: await add(4, { parked: true, attempts: 5, reason: 'boom' }),
        parkedJob: await add(5, { ...job, stream: 'job/2', parked: true, attempts: 40, reason: 'boom' }),
        ignored: await add(6, { ...IGNORED, outcome: 'ignored', reason: 'channel must be a string' }),
        unreadable: await add(7, {
          ...IGNORED,
          payload: { some: 'thing' },
          outcome: 'ignored',
          reason: 'no job',
        }),
        pending: await add(8, {}),
        early: await add(-1, { outcome: 'skipped', reason: 'before the range' }),
        late: await add(60, { parked: true, reason: 'after the range' }),
        quarantined: await quarantine(
          {
            ...message(),
            senderId: inbound.senderId,
            accountId: inbound.accountId,
          } as Inbound,
          'unknown_sender',
          undefined,
          at(9),
        ),
        foreign: await quarantine(message(), 'unknown_sender', undefined, at(9)),
        disagreeing: await quarantine(
          message({ senderId: inbound.senderId } as Partial<Inbound>),
          'accounts_disagree',
          undefined,
          at(9),
        ),
      };
      return { merchantId, key, ids };
    }
    const IGNORED = { service: 'ingest', queue: 'ingest', stream: 'ingest/whatsapp', name: 'ingest.ignored' };
    const run = (merchantId: string, body: object, key?: string) =>
      admin.call('POST', `/v1/merchants/${merchantId}/replay`, { body, ...(key ? { key } : {}) });
    const states = async (ids: Record<string, string>) =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(ids).map(async ([name, id]) => {
            const { outcome, parked_at: parked, settled_at: settled, redrives } = await rowOf(id);
            return [name, outcome ?? (parked ? 'dead' : 'pending'), settled, redrives];
          }),
        ).then((rows) => rows.map(([name, ...rest]) => [name, rest])),
      ) as Record<string, [string, Date | null, number]>;

    it('queues what had no effect, leaves alone what is done, and counts both', async () => {
      const { merchantId, key, ids } = await mixedRange();
      const before = await states(ids);
      const expected = {
        queued: { deadLetters: 2, skipped: 1, ignored: 1, quarantined: 1 },
        leftAlone: { done: 1, pending: 1, ignored: 1, quarantined: 1 },
      };
      const dry = await run(merchantId, { ...RANGE, dryRun: true }, key);
      expect([dry.status, dry.json]).toEqual([202, { ...RANGE, source: null, dryRun: true, ...expected }]);
      expect(await states(ids)).toEqual(before);

      const real = await run(merchantId, RANGE, key);
      expect(real.json).toEqual({ ...RANGE, source: null, dryRun: false, ...expected });
      const after = await states(ids);
      for (const name of ['skipped', 'parked', 'parkedJob', 'ignored']) {
        expect([name, after[name]]).toEqual([name, ['pending', null, 1]]);
      }
      for (const name of [
        'done',
        'skippedJob',
        'unreadable',
        'pending',
        'early',
        'late',
        'foreign',
        'disagreeing',
      ]) {
        expect([name, after[name]]).toEqual([name, before[name]]);
      }
      expect(after.quarantined?.[0]).toBe('replayed');
      const readAgain = await rowOf(ids.ignored);
      expect(readAgain).toMatchObject({
        service: 'conversation',
        queue: 'threads',
        name: receiveMessage.name,
      });
      expect(readAgain.stream).toContain(PHONE);
    });

    it('does nothing more the second time', async () => {
      const { merchantId, ids } = await mixedRange();
      await run(merchantId, RANGE);
      const before = await states(ids);
      const again = await run(merchantId, RANGE);
      expect(again.json.queued).toEqual({ deadLetters: 0, skipped: 0, ignored: 0, quarantined: 0 });
      expect(await states(ids)).toEqual(before);
    });

    it('keeps to one source', async () => {
      const { merchantId } = await mixedRange();
      const jobs = await run(merchantId, { ...RANGE, source: 'job', dryRun: true });
      expect(jobs.json.queued).toEqual({ deadLetters: 1, skipped: 0, ignored: 0, quarantined: 0 });
      const stripe = await run(merchantId, { ...RANGE, source: 'stripe', dryRun: true });
      expect(stripe.json.queued).toEqual({ deadLetters: 0, skipped: 0, ignored: 0, quarantined: 0 });
    });

    it('is refused for a merchant that is not active, a range that is none, and a foreign key', async () => {
      const { merchantId, key } = await onboard(admin);
      const { key: foreign } = await onboard(admin);
      const backwards = await run(merchantId, { from: RANGE.to, to: RANGE.from }, key);
      expect([backwards.status, backwards.json.errors[0].field]).toEqual([400, 'to']);
      expect((await run(merchantId, RANGE, foreign)).status).toBe(403);
      await admin.owner.query(`UPDATE tenancy.merchants SET status = 'suspended' WHERE merchant_id = $1`, [
        merchantId,
      ]);
      const held = await run(merchantId, RANGE, key);
      expect([held.status, held.json.code]).toEqual([409, 'merchant_not_active']);
    });
  });
});
