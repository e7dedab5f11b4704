import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onboardMerchant } from '../../deploy/local/demo.mjs';
import { DEMO, TEMPLATES } from '../../deploy/local/demo-data.mjs';
import { startStack } from '../../deploy/local/stack.mjs';
import { startDatabase } from './database.mjs';
import { startRedis } from './redis.mjs';
import { startVendor } from './vendor.mjs';

/**
 * A whole stack as processes, on durable PostgreSQL, with merchants on board and a vendor that costs next to nothing.
 * @param {{ portBase: number, queue?: 'redis' | 'postgres', merchants?: number, env?: Record<string, string>,
 *   revive?: boolean, onDeath?: (name: string, text: string) => void, ownDatabase?: boolean,
 *   clocks?: Record<string, number> }} options
 *   `ownDatabase`: the fleet's `database` can be made to crash; `clocks`: by service, how far its clock is ahead of that of
 *   the machine, in milliseconds.
 * @returns {Promise<{ stack: object, vendor: object, redis: object | undefined, database: object | undefined,
 *   merchants: object[], dataDir: string, stop(): Promise<void> }>}
 */
export async function startFleet(options) {
  const {
    portBase,
    queue = 'redis',
    merchants = 8,
    env = {},
    revive,
    onDeath,
    ownDatabase = false,
    clocks = {},
  } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'waco-fleet-'));
  chmodSync(dataDir, 0o755); // the OS user that the database runs as has to pass
  const vendorPort = portBase + 60;
  const redis = queue === 'redis' ? await startRedis({ folder: dataDir, port: portBase + 61 }) : undefined;
  const vendor = await startVendor({ sandboxUrl: `http://127.0.0.1:${portBase + 100}`, port: vendorPort });
  let stack;
  let database;
  try {
    if (ownDatabase) database = await startDatabase({ folder: dataDir, port: portBase + 62 });
    stack = await startStack({
      dataDir,
      portBase,
      databaseUrl: database?.url,
      queueUrl: redis?.url,
      quiet: true,
      demo: false,
      revive,
      onDeath,
      env: { WHATSAPP_BASE_URL: `${vendor.url}/graph`, ...env },
      envOf: clocksOf(dataDir, clocks),
    });
    const onBoard = [];
    for (let i = 0; i < merchants; i++) onBoard.push(await openMerchant(stack, i));
    return { stack, vendor, redis, database, merchants: onBoard, dataDir, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop() {
    await stack?.stop();
    await vendor.close();
    await database?.stop();
    await redis?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A clock file of its own for each of these services, in place of the one that moves all together. */
function clocksOf(folder, clocks) {
  return Object.fromEntries(
    Object.entries(clocks).map(([service, offsetMs]) => {
      const file = join(folder, `clock-${service}.json`);
      writeFileSync(file, JSON.stringify({ offsetMs }));
      return [service, { WACO_CLOCK_FILE: file }];
    }),
  );
}

/** A merchant with a shop and a number of its own, all behind one Meta app. */
async function openMerchant({ urls, secrets }, i) {
  const of = {
    ...DEMO,
    slug: `bench-${i}`,
    name: `Bench ${i}`,
    shop: `bench-${i}`,
    wabaId: String(300_000_000_000_000 + i),
    catalogId: String(4_000_000_000_000_000 + i),
    phoneNumber: {
      id: String(500_000_000_000_000 + i),
      displayPhoneNumber: `+971 50 600 ${String(i).padStart(4, '0')}`,
      verifiedName: `Bench ${i}`,
    },
    stripeAccount: `acct_bench${i}`,
  };
  const own = { ...secrets, stripeSecretKey: `sk_test_${randomBytes(24).toString('hex')}` };
  const merchant = await onboardMerchant({ urls, secrets: own, of, templates: TEMPLATES });
  return { ...merchant, displayPhoneNumber: of.phoneNumber.displayPhoneNumber.replace(/\D/g, '') };
}
