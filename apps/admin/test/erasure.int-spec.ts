import pg from 'pg';
import { DataSource } from 'typeorm';
import {
  changeIdentity,
  mergeRecipients,
  receiveMessage,
  sendMessage,
  type ErasePersonPayload,
} from '#contracts';
import { seedOf, type PersonAlias } from '#core/tenancy';
import { TENANCY_ENTITIES, Tenants } from '#persistence';
import type { TaskContext } from '#queue';
import { createTestDatabase, type TestDatabase } from '#testing';
import { ErasePersonHandler as Checkout } from '../../checkout/src/privacy/erase-person.handler.js';
import { ErasePersonHandler as Conversation } from '../../conversation/src/privacy/erase-person.handler.js';
import { ErasePersonHandler as Outbound } from '../../outbound/src/privacy/erase-person.handler.js';
import { EraseMerchantHandler } from '../src/privacy/erase-merchant.handler.js';
import { ErasePersonHandler as Journal } from '../src/privacy/erase-person.handler.js';
import { closeTables } from './closed-tables.js';
import { insertItem } from './rows.js';

const ROLES = ['waco_conversation', 'waco_checkout', 'waco_outbound', 'waco_admin'] as const;
type Role = (typeof ROLES)[number];
const M = 'mer_1';
const [OLD, NEW, FRIEND] = ['971500000001', '971500000002', '971500000003'] as const;
const NOW = new Date();
let database: TestDatabase;
let owner: pg.Client;
const tenants = {} as Record<Role, Tenants>;
const sources: DataSource[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  await closeTables(database);
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const role of ROLES) {
    const options = { url: database.url(role), entities: [...TENANCY_ENTITIES] };
    const source = await new DataSource({ type: 'postgres', ...options }).initialize();
    sources.push(source);
    tenants[role] = new Tenants(source);
  }
  await owner.query(
    `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency) VALUES ($1, 'm', 'm', 'AE', 'AED')`,
    [M],
  );
  await owner.query(
    `INSERT INTO tenancy.channel_accounts (id, merchant_id, kind, business_account_id, phone_number_id,
       display_phone_number, access_token) VALUES ('acc', $1, 'whatsapp', 'w', 'p', 'd', 't')`,
    [M],
  );
  await contact('con_1', { user_id: 'AE.1', wa_id: NEW });
  await contact('con_2', { user_id: 'AE.2', wa_id: FRIEND });
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.destroy();
  await owner.end();
  await database.drop();
});

async function contact(contactId: string, names: Record<string, string>): Promise<void> {
  await owner.query(
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name) VALUES ($1, $2, 'acc', 'n')`,
    [M, contactId],
  );
  for (const [kind, value] of Object.entries(names)) {
    await owner.query(`INSERT INTO conversation.aliases VALUES ($1, 'acc', $2, $3, $4, now())`, [
      M,
      kind,
      value,
      contactId,
    ]);
  }
}

let keys = 0;
async function item(
  stream: string,
  payload: object,
  name = receiveMessage.name,
  more: object = {},
): Promise<string> {
  const service = name.split('.')[0]!;
  return insertItem(owner, {
    merchantId: M,
    service,
    stream,
    name,
    source: 'whatsapp',
    externalId: `key_${++keys}`,
    payload,
    occurredAt: NOW,
    createdAt: NOW,
    outcome: 'done',
    ...more,
  });
}

/** Runs the parts one after the other as their jobs would; each part `times` times, as after a crash at its end. */
async function erase(alias: PersonAlias, times = 1): Promise<void> {
  let payload: ErasePersonPayload = {
    erasureId: 'era_1',
    requestedAt: new Date(Date.now() + 1_000).toISOString(),
    report: {},
    subject: seedOf(alias),
  };
  await owner.query(
    `INSERT INTO tenancy.erasures VALUES ($1, 'era_1', now(), NULL, NULL) ON CONFLICT DO NOTHING`,
    [M],
  );
  const queues = { queue: () => ({ getJobs: () => Promise.resolve([]) }) } as never;
  const audit = { record: () => Promise.resolve() } as never;
  const parts: [Role, string, { handle(p: ErasePersonPayload, ctx: TaskContext): Promise<unknown> }][] = [
    ['waco_conversation', 'conversation', new Conversation()],
    ['waco_checkout', 'checkout', new Checkout(tenants.waco_checkout)],
    ['waco_outbound', 'outbound', new Outbound(tenants.waco_outbound)],
    ['waco_admin', 'admin', new Journal(tenants.waco_admin, queues, audit)],
  ];
  for (const [role, service, handler] of parts) {
    const name = `${service}.erase-person.v1`;
    const id = await insertItem(owner, {
      merchantId: M,
      service,
      queue: `${service}-data`,
      stream: name,
      name,
      externalId: `${name}/${++keys}`,
      payload,
      occurredAt: NOW,
    });
    for (let run = 1; run <= times; run++) {
      let emitted: ErasePersonPayload | undefined;
      const commit: TaskContext['commit'] = async (work) => {
        if (run < times) throw new Error('killed');
        await tenants[role].transaction(M, (tx) =>
          work({ tx, emit: (_contract, next) => (emitted = next as unknown as ErasePersonPayload) }),
        );
        return true;
      };
      const { rows } = await owner.query(`SELECT payload FROM journal.items WHERE id = $1`, [id]);
      const given = rows[0].payload as ErasePersonPayload;
      const ctx = { merchantId: M, now: NOW, item: { id }, commit } as unknown as TaskContext;
      const ran = handler.handle(given, ctx);
      if (run < times) await expect(ran).rejects.toThrow('killed');
      else await ran;
      payload = emitted ?? payload;
    }
  }
}

/** Everything that is stored, as text. */
async function everything(): Promise<string> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query<{ text: string }>(
      `SELECT row_to_json(t)::text AS text FROM ${name} t`,
    );
    for (const { text } of rows) texts.push(text);
  }
  return texts.join('\n');
}

const outcome = async (id: string): Promise<string | null> =>
  (await owner.query(`SELECT outcome FROM journal.items WHERE id = $1`, [id])).rows[0].outcome as
    string | null;

describe('an erasure', () => {
  it.each([1, 2])('finds a number that was given up, also when each part runs %i times', async (times) => {
    const before = await item(`thread/acc/${OLD}`, {
      person: { waId: OLD },
      content: { text: 'black hoodie' },
    });
    await item(
      `thread/acc/${OLD}`,
      { previous: { waId: OLD }, current: { userId: 'AE.1', waId: NEW } },
      changeIdentity.name,
    );
    await item('thread/acc/AE.1', { person: { userId: 'AE.1', waId: NEW } });
    await erase({ kind: 'phone', value: NEW }, times);
    const left = await everything();
    for (const name of [OLD, NEW, 'AE.1', 'black hoodie']) expect(left).not.toContain(name);
    expect(await outcome(before)).toBe('erased');
    expect(left).toContain(FRIEND);
  });

  it.each([
    ['551176543210', '5511976543210'],
    ['5215587654321', '525587654321'],
    ['541187654322', '5491187654322'],
  ])('finds %s by the number that is dialled', async (waId, dialled) => {
    await contact('con_9', { wa_id: waId });
    const wrote = await item(`thread/acc/${waId}`, { person: { waId }, content: { text: 'black hoodie' } });
    await erase({ kind: 'phone', value: dialled });
    expect(await outcome(wrote)).toBe('erased');
    const left = await everything();
    for (const name of [waId, dialled, 'con_9', 'black hoodie']) expect(left).not.toContain(name);
    expect(left).toContain(FRIEND);
  });

  it('finds what came under another form of a number that was given up', async () => {
    await contact('con_9', { user_id: 'BR.9', wa_id: '5511900000000' });
    const wrote = await item('thread/acc/551176543210', {
      person: { waId: '551176543210' },
      content: { text: 'black hoodie' },
    });
    await item(
      'thread/acc/5511976543210',
      { previous: { waId: '5511976543210' }, current: { userId: 'BR.9', waId: '5511900000000' } },
      changeIdentity.name,
    );
    await erase({ kind: 'user_id', value: 'BR.9' });
    expect(await outcome(wrote)).toBe('erased');
    expect(await everything()).not.toContain('black hoodie');
  });

  it('finds the same number on another channel account in its other form', async () => {
    await contact('con_9', { wa_id: '551176543210' });
    await contact('con_8', { wa_id: '5511900000000' });
    for (const table of ['contacts', 'aliases']) {
      await owner.query(
        `UPDATE conversation.${table} SET channel_account_id = 'acc_2' WHERE contact_id = 'con_8'`,
      );
    }
    await owner.query(`UPDATE conversation.aliases SET value = '5511976543210' WHERE contact_id = 'con_8'`);
    await erase({ kind: 'contact_id', value: 'con_9' });
    const left = await everything();
    for (const name of ['con_8', 'con_9', '5511976543210']) expect(left).not.toContain(name);
  });

  it.each<PersonAlias>([
    { kind: 'phone', value: NEW },
    { kind: 'user_id', value: 'AE.1' },
    { kind: 'user_id', value: 'visitor-7' },
    { kind: 'contact_id', value: 'con_7' },
  ])('reaches all contacts that are proved to be one person, by $kind $value', async (alias) => {
    await contact('con_7', { visitor_id: 'visitor-7' });
    await owner.query(`INSERT INTO conversation.people VALUES ($1, 'per_1', now())`, [M]);
    await owner.query(
      `UPDATE conversation.contacts SET person_id = 'per_1' WHERE contact_id IN ('con_1', 'con_7')`,
    );
    await owner.query(
      `INSERT INTO conversation.proofs SELECT $1, contact_id, 'confirmation', 'code', 'secret-77', now()
       FROM conversation.contacts WHERE person_id = 'per_1'`,
      [M],
    );
    const wrote = await item('thread/acc/visitor-7', {
      person: { aliases: [{ scheme: 'visitor_id', value: 'visitor-7' }] },
      content: { text: 'black hoodie' },
    });
    await erase(alias);
    expect(await outcome(wrote)).toBe('erased');
    const left = await everything();
    for (const name of ['con_1', 'con_7', 'visitor-7', 'AE.1', NEW, 'per_1', 'secret-77']) {
      expect(left).not.toContain(name);
    }
    expect(left).toContain('con_2');
  });

  it('finds orders and messages by an alias of a scheme that the release before does not know', async () => {
    const person = { aliases: [{ scheme: 'visitor_id', value: 'visitor-8' }], name: 'Vera' };
    await owner.query(
      `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
         accepted_quote, nonce, work, created_at, updated_at)
       VALUES ($1, 'W8', 'thr_gone', 'thread/gone/x', $2, 'delivered', 1, '{"total":1}', 'n', '{}', $3, $3)`,
      [M, person, NOW],
    );
    await owner.query(
      `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
         state, plan, created_at) VALUES ($1, 'msg_8', 'gone', 'con_8', $2, '{"type":"text","body":"words"}', 't', 'waiting', 1, $3)`,
      [M, person, NOW],
    );
    await erase({ kind: 'user_id', value: 'visitor-8' });
    const left = await everything();
    for (const name of ['visitor-8', 'Vera', 'msg_8']) expect(left).not.toContain(name);
    expect(left).toContain('W8');
  });

  it('of nobody reports that nothing was there', async () => {
    await erase({ kind: 'phone', value: '971509999999' });
    const { rows } = await owner.query(`SELECT completed_at, report FROM tenancy.erasures`);
    expect(rows[0].completed_at).not.toBeNull();
    expect(Object.values(rows[0].report as object).filter((count) => count !== 0)).toEqual([]);
  });

  it('leaves alone what others wrote, what came later, and who has the number now', async () => {
    const card = await item('thread/acc/AE.2', {
      person: { userId: 'AE.2', waId: FRIEND },
      content: { type: 'contacts', phones: [NEW] },
    });
    await contact('con_3', { user_id: 'AE.3' });
    await owner.query(`UPDATE conversation.aliases SET contact_id = 'con_3' WHERE value = $1`, [NEW]);
    const theirs = await item('thread/acc/AE.3', {
      person: { userId: 'AE.3' },
      content: { text: 'mine now' },
    });
    await erase({ kind: 'user_id', value: 'AE.1' });
    expect([await outcome(card), await outcome(theirs)]).toEqual(['done', 'done']);
    const { rows } = await owner.query(`SELECT contact_id FROM conversation.contacts ORDER BY contact_id`);
    expect(rows.map((row) => row.contact_id)).toEqual(['con_2', 'con_3']);
  });

  it('drops what was still to be applied or sent, and keeps errands of orders going', async () => {
    await owner.query(
      `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
         state, plan, created_at) VALUES ($1, 'msg_1', 'acc', 'con_1', $2, '{"type":"text","body":"secret words"}', 't', 'waiting', 1, $3)`,
      [M, { waId: OLD }, NOW],
    );
    const open = { outcome: undefined };
    const waiting = [
      await item(
        'recipient/acc/con_1',
        { contactId: 'con_1', person: { waId: NEW } },
        sendMessage.name,
        open,
      ),
      await item(
        'outbound.call-channel.v1/msg_1_1',
        { messageId: 'msg_1', plan: 1 },
        'outbound.call-channel.v1',
        open,
      ),
      await item('thread/acc/AE.1', { person: { userId: 'AE.1' } }, receiveMessage.name, open),
    ];
    const errand = await item(
      'checkout.refund-payment.v1/W1_1',
      { orderRef: 'W1', round: 1 },
      'checkout.refund-payment.v1',
      open,
    );
    await erase({ kind: 'contact_id', value: 'con_1' }, 2);
    for (const id of waiting) expect(await outcome(id)).toBe('erased');
    expect(await outcome(errand)).toBeNull();
    const left = await everything();
    for (const name of [OLD, NEW, 'AE.1', 'secret words']) expect(left).not.toContain(name);
  });

  it.each([1, 2])(
    'takes along what outbound has under contacts that turned out to be the person, when each part runs %i times',
    async (times) => {
      const recipient = (contactId: string, mergedInto: string | null) =>
        owner.query(
          `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, pair_at, merged_into)
           VALUES ($1, 'acc', $2, $3, $4)`,
          [M, contactId, NOW, mergedInto],
        );
      // con_0 went into con_00 and that into con_1; that con_9 goes into con_00 is not applied yet.
      await recipient('con_0', 'con_00');
      await recipient('con_00', 'con_1');
      await recipient('con_9', null);
      await recipient('con_2', null);
      const open = { outcome: undefined };
      const merge = await item(
        'recipient/acc/con_00',
        { channelAccountId: 'acc', keptContactId: 'con_00', goneContactId: 'con_9' },
        mergeRecipients.name,
        { ...open, queue: 'recipients' },
      );
      const pending = await item('recipient/acc/con_0', { person: {} }, sendMessage.name, {
        ...open,
        queue: 'recipients',
      });
      // Written to under names that the person does not have any more, and that nobody else remembers.
      for (const [id, contactId, waId] of [
        ['msg_1', 'con_0', '971500000009'],
        ['msg_2', 'con_9', '971500000009'],
        ['msg_3', 'con_2', FRIEND],
      ]) {
        await owner.query(
          `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
             state, created_at) VALUES ($1, $2, 'acc', $3, $4, '{}', 't', 'waiting', $5)`,
          [M, id, contactId, { waId }, NOW],
        );
      }
      await erase({ kind: 'user_id', value: 'AE.1' }, times);
      const left = async (table: string, column: string): Promise<unknown[]> =>
        (await owner.query(`SELECT ${column} AS id FROM ${table} ORDER BY 1`)).rows.map((row) => row.id);
      expect(await left('outbound.messages', 'message_id')).toEqual(['msg_3']);
      expect(await left('outbound.recipients', 'contact_id')).toEqual(['con_2']);
      expect([await outcome(merge), await outcome(pending)]).toEqual(['erased', 'erased']);
      expect(await everything()).not.toMatch(/con_(0|00|1|9)\b/);
    },
  );

  it('finds the orders of somebody whose thread is long gone, and calls off what is not paid', async () => {
    for (const [ref, state] of [
      ['W1', 'delivered'],
      ['W2', 'awaiting_payment'],
    ]) {
      await owner.query(
        `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
           accepted_quote, nonce, work, created_at, updated_at)
         VALUES ($1, $2, 'thr_gone', $3, $4, $5, 1, '{"total":1}', 'n', '{}', $6, $6)`,
        [M, ref, `thread/acc/${OLD}`, { waId: OLD, name: 'Sheena' }, state, NOW],
      );
    }
    const told = await item(`thread/acc/${OLD}`, { threadId: 'thr_gone', threadStream: `thread/acc/${OLD}` });
    await erase({ kind: 'phone', value: OLD });
    const left = await everything();
    for (const name of [OLD, 'Sheena']) expect(left).not.toContain(name);
    expect(await outcome(told)).toBe('erased');
    const { rows } = await owner.query(`SELECT accepted_quote, person FROM checkout.orders`);
    expect(rows).toEqual([
      { accepted_quote: { total: 1 }, person: {} },
      { accepted_quote: { total: 1 }, person: {} },
    ]);
  });
});

describe('the end of a merchant', () => {
  it('takes along what the gateway counted of its webhooks, and of nobody else', async () => {
    for (const merchantId of [M, 'mer_2']) {
      await owner.query(
        `INSERT INTO ingest.webhook_senders (merchant_id, port, kind, id) VALUES ($1, 'store', 'store', 'rest')`,
        [merchantId],
      );
    }
    const queues = { queue: () => ({ getJobs: () => Promise.resolve([]) }) } as never;
    const handler = new EraseMerchantHandler(tenants.waco_admin, queues, {
      record: () => Promise.resolve(),
    } as never);
    const commit: TaskContext['commit'] = async (work) => {
      await tenants.waco_admin.transaction(M, (tx) => work({ tx, emit: () => undefined }));
      return true;
    };
    const ctx = { merchantId: M, now: NOW, item: { id: '0' }, commit } as unknown as TaskContext;
    await handler.finish({} as never, ctx);
    const { rows } = await owner.query(`SELECT merchant_id FROM ingest.webhook_senders`);
    expect(rows).toEqual([{ merchant_id: 'mer_2' }]);
  });
});
