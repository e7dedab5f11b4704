import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';

/** Columns of channel accounts, of templates' states and their names of before: written by either release, read by both. */
let database: TestDatabase;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(
    `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency) VALUES ('mer_1', 'one', 'One', 'AE', 'AED')`,
  );
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const BEFORE = ['business_account_id', 'phone_number_id', 'display_phone_number'];
const NOW = ['account_id', 'sender_id', 'display_name'];

async function account(id: string) {
  const { rows } = await owner.query<Record<string, string>>(
    `SELECT ${[...NOW, ...BEFORE].join(', ')} FROM tenancy.channel_accounts WHERE id = $1`,
    [id],
  );
  return [NOW.map((name) => rows[0]![name]), BEFORE.map((name) => rows[0]![name])];
}

const connect = (id: string, columns: string[], values: string[], kind = 'whatsapp') =>
  owner.query(
    `INSERT INTO tenancy.channel_accounts (id, merchant_id, kind, ${columns.join(', ')}, access_token)
     VALUES ($1, 'mer_1', $2, $3, $4, $5, 'sealed')`,
    [id, kind, ...values],
  );

it.each([
  ['this release', NOW, BEFORE],
  ['the release before', BEFORE, NOW],
])('what %s writes of an account, both read', async (who, mine, others) => {
  const id = `acc_${mine[0]}`;
  const [first, second] = [`${who} 1`, `${who} 2`];
  await connect(id, mine, [`account of ${who}`, first, 'shown']);
  const said = [`account of ${who}`, first, 'shown'];
  expect(await account(id)).toEqual([said, said]);
  await owner.query(`UPDATE tenancy.channel_accounts SET ${mine[1]} = $2 WHERE id = $1`, [id, second]);
  const changed = [`account of ${who}`, second, 'shown'];
  expect(await account(id)).toEqual([changed, changed]);
  // What the other writes next counts.
  await owner.query(`UPDATE tenancy.channel_accounts SET ${others[2]} = 'new' WHERE id = $1`, [id]);
  const renamed = [`account of ${who}`, second, 'new'];
  expect(await account(id)).toEqual([renamed, renamed]);
  // As an entity is saved, and by a change of something else.
  await owner.query(
    `UPDATE tenancy.channel_accounts SET ${mine[0]} = ${mine[0]}, ${mine[2]} = 'newer', enabled = false WHERE id = $1`,
    [id],
  );
  const saved = [`account of ${who}`, second, 'newer'];
  expect(await account(id)).toEqual([saved, saved]);
});

it('a sender is connected once, whichever release connects it, and once more at another channel', async () => {
  await connect('acc_a', NOW, ['1', '55', 'x']);
  await expect(connect('acc_b', BEFORE, ['2', '55', 'x'])).rejects.toMatchObject({ code: '23505' });
  await expect(connect('acc_c', NOW, ['2', '55', 'x'])).rejects.toMatchObject({ code: '23505' });
  // The next release has the one key only.
  await owner.query('BEGIN; DROP INDEX tenancy.channel_accounts_kind_phone_number_id_key');
  await expect(connect('acc_c', NOW, ['2', '55', 'x'])).rejects.toMatchObject({
    constraint: 'channel_accounts_kind_sender_id_key',
  });
  await owner.query('ROLLBACK');
  await connect('acc_d', NOW, ['1', '55', 'x'], 'messenger');
  const route = (kind: string) =>
    owner
      .query<{ id: string }>(`SELECT channel_account_id AS id FROM tenancy.route_sender($1, '55')`, [kind])
      .then(({ rows }) => rows[0]?.id);
  expect([await route('whatsapp'), await route('messenger'), await route('telegram')]).toEqual([
    'acc_a',
    'acc_d',
    undefined,
  ]);
});

it('the newest word on a template counts, by whichever release', async () => {
  const store = (column: string, state: string, at: string) =>
    owner.query(
      `INSERT INTO outbound.template_states AS known (merchant_id, ${column}, name, language, state, at)
       VALUES ('mer_1', '7', 'order_paid', 'en', $1, $2)
       ON CONFLICT (merchant_id, ${column}, name, language) DO UPDATE SET state = excluded.state, at = excluded.at
       WHERE known.at <= excluded.at`,
      [state, at],
    );
  await store('business_account_id', 'APPROVED', '2026-11-01T00:00:00Z');
  await store('account_id', 'PAUSED', '2026-11-02T00:00:00Z');
  await store('business_account_id', 'APPROVED', '2026-11-03T00:00:00Z');
  await store('account_id', 'REJECTED', '2026-11-02T12:00:00Z');
  const { rows } = await owner.query(
    `SELECT account_id, business_account_id, state FROM outbound.template_states`,
  );
  expect(rows).toEqual([{ account_id: '7', business_account_id: '7', state: 'APPROVED' }]);
});
