// node bench/faults/record-former.mjs [--from <commit>]     writes deploy/test/support/former-release.json
//
// What the former release leaves in its database when it is stopped in the middle of its work, with invented people: the test
// deploy/test/upgrade.e2e-spec.mjs goes on from there. Needs npm run build. To be run again when another release is the former.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { http } from '../../deploy/local/customer.mjs';
import { ROOT } from '../../deploy/local/settings.mjs';
import { commitOf, startFleetOf } from '../lib/before.mjs';
import { phoneOf, textWebhook } from '../lib/customers.mjs';
import { ask } from '../lib/database.mjs';
import { failing, FORMER_RELEASE, FormerLife } from '../lib/former-life.mjs';
import { portBase } from '../lib/ordeal.mjs';
import { untilQuiet } from '../lib/readback.mjs';
import { recordRows, toText } from '../lib/recording.mjs';
import { messageOf, Shoppers } from '../lib/shoppers.mjs';

const FILE = join(ROOT, 'deploy', 'test', 'support', 'former-release.json');
/** In each group: who has been answered, whose answer waits to be sent, who waits for an answer. */
const PEOPLE = 2;
const SHOPPED_MS = 2_000;
const FIRST = { unsent: 7_000_000, unread: 7_100_000 };

const { values } = parseArgs({ options: { from: { type: 'string', default: FORMER_RELEASE } } });
const start = await startFleetOf(values.from);
if (!start) throw new Error(`git's history here has no commit ${values.from}`);
const fleet = await start({ portBase: portBase(), merchants: 2, env: failing(portBase()) });
const { stack, vendor } = fleet;
const shoppers = new Shoppers({ fleet, active: PEOPLE, each: 4 });
try {
  const life = new FormerLife({ fleet, shoppers, problems: [] }, 1);
  await life.begin();
  const merchants = fleet.merchants;
  fleet.merchants = life.on;
  const until = performance.now() + SHOPPED_MS;
  await shoppers.write(2, () => performance.now() > until);
  await shoppers.finish();
  await untilQuiet(stack.databaseUrl);
  await shoppers.settled();

  await stack.processes.outbound.stop();
  await write(FIRST.unsent, life.on[0]);
  await untilQuietOf('conversation');
  await stack.processes.conversation.stop();
  await write(FIRST.unread, life.on[0]);
  await stack.processes.checkout.stop();
  await life.orders.payInTheUpgrade();
  await stack.processes['catalog-sync'].stop();
  await life.reprice();
  await untilDelivered();
  for (const service of Object.values(stack.processes)) await service.stop();

  const [{ name: migration }] = await ask(
    stack.databaseUrl,
    'SELECT name FROM public.waco_migrations ORDER BY id DESC LIMIT 1',
  );
  const { roles: _roles, databaseOwner: _owner, ...secrets } = stack.secrets;
  const { threads, log } = shoppers;
  const recording = {
    ...{ commit: commitOf(values.from), migration, secrets, merchants },
    life: life.remains(),
    shopped: { threads, log, sent: vendor.sent },
    rows: await recordRows(stack.databaseUrl),
  };
  writeFileSync(FILE, toText(recording, stack.urls));
  process.stdout.write(`written: ${FILE}\n`);
} finally {
  shoppers.close();
  await fleet.stop();
}

async function write(first, merchant) {
  const { whatsappAppSecret: appSecret } = stack.secrets;
  for (let n = first; n < first + PEOPLE; n++) {
    const phone = phoneOf(n);
    const webhook = textWebhook({ merchant, phone, ...messageOf(n, 0), appSecret });
    await shoppers.poster.deliver(webhook);
    shoppers.adopt({ n, merchant, phone, id: webhook.id });
  }
}

async function untilQuietOf(service) {
  for (let left = 1; left > 0; await sleep(200)) {
    const open = `settled_at IS NULL AND parked_at IS NULL AND due_at <= now()`;
    [{ left }] = await ask(
      stack.databaseUrl,
      `SELECT count(*)::int AS left FROM journal.items WHERE service = $1 AND ${open}`,
      [service],
    );
  }
}

/** Webhooks of the sandbox are in the journal. */
async function untilDelivered() {
  const sandbox = http(stack.urls.sandbox);
  for (let waiting = 1; waiting > 0; await sleep(300)) ({ waiting } = await sandbox.get('/control/chaos'));
}
