import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { http } from '../../../deploy/local/customer.mjs';
import { buy } from '../../lib/buyer.mjs';
import { Poster } from '../../lib/customers.mjs';
import { ask } from '../../lib/database.mjs';
import { startFleet } from '../../lib/fleet.mjs';
import { portBase } from '../../lib/ordeal.mjs';
import {
  endOf,
  eventsOf,
  makeWorld,
  modelOf,
  PARCEL,
  rowsOf,
  STATUSES,
  webhookOf,
} from '../../lib/schedule-world.mjs';
import { NOTHING_WRONG } from '../goals.mjs';

const LONG = { schedules: 10_000, slices: 28 };
const QUICK = { schedules: 60, slices: 7 };
const WEEK_MS = 7 * 24 * 3_600_000;
const POSTS_AT_ONCE = 64;
const APPLIED_WITHIN_MS = 1_200_000;

/** What happens, and for each webhook when each of its copies arrives, as a share of the week. */
const schedule = fc
  .record({
    parcel: fc.integer({ min: 0, max: PARCEL.length }),
    statuses: fc.integer({ min: 0, max: STATUSES.length }),
    prices: fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 3 }),
    stock: fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 3 }),
  })
  .chain((life) => {
    const events = life.parcel + life.statuses + life.prices.length + life.stock.length;
    const copies = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 10 });
    return fc.array(copies, { minLength: events, maxLength: events }).map((arrivals) => ({ life, arrivals }));
  });

export default {
  name: 'schedules',
  about:
    'each webhook 1 to 10 times, shuffled, delayed up to 7 days on a shifted clock: parcels, statuses, prices, stock',
  ownFleet: true,
  rate: { long: 0, quick: 0 },
  goals: [
    ...NOTHING_WRONG,
    {
      name: 'schedules that end as in order and once',
      figure: ['waco', 'share that ends as the model'],
      atLeast: 1,
    },
    { name: 'schedules', figure: ['waco', 'schedules'], atLeast: LONG.schedules, longOnly: true },
  ],
  run: ({ quick, log }) => run(quick ? QUICK : LONG, log),
};

async function run({ schedules: count, slices }, log) {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 2 ** 31);
  const fleet = await startFleet({
    portBase: portBase(),
    merchants: 1,
    env: { WHATSAPP_BASE_URL: `http://127.0.0.1:${portBase() + 100}/graph` },
  });
  const poster = new Poster(fleet.stack.urls.gateway);
  try {
    const { urls, databaseUrl: url, secrets } = fleet.stack;
    const [merchant] = fleet.merchants;
    const bought = await buy({
      sandboxUrl: urls.sandbox,
      phoneNumberId: merchant.phoneNumberId,
      name: 'S',
      sku: 'TEE-WHT',
    });
    if (!bought.told)
      throw new Error(`the order that all others are copies of failed: ${JSON.stringify(bought)}`);
    await makeWorld(url, { orderRef: bought.orderRef, count });
    const generated = fc.sample(schedule, { numRuns: count, seed });
    const happenedAt = new Date();
    const plan = planOf(generated, slices);
    log(
      `${count} schedules, seed ${seed}: ${plan.events} webhooks, ${plan.copies} deliveries in ${slices} slices of a week`,
    );
    const refused = {};
    for (const [i, slice] of plan.slices.entries()) {
      const { now } = await http(urls.sandbox).post('/control/clock', {
        advanceMs: Math.round(WEEK_MS / slices),
      });
      const ahead = Date.parse(now) - Date.now();
      const context = { merchant, secrets, happenedAt, now: () => new Date(Date.now() + ahead) };
      await postAll(poster, slice, context, refused);
      await untilApplied(url); // what comes in a later slice is then really late
      if (i % Math.ceil(slices / 7) === 0) log(`slice ${i + 1} of ${slices}`);
    }
    const settledMs = await untilApplied(url);
    const { figures, problems } = await compare(url, generated, plan);
    return {
      seed,
      figures: {
        ...{ schedules: count, webhooks: plan.events, deliveries: plan.copies },
        'answers other than 200, repeated': Object.values(refused).reduce((a, b) => a + b, 0),
        ...figures,
        'settled after the last delivery, s': settledMs / 1_000,
      },
      problems,
    };
  } finally {
    poster.close();
    await fleet.stop();
  }
}

/** All deliveries by the slice of the week they fall into; within one, in an order of chance. */
function planOf(generated, slices) {
  const plan = { events: 0, copies: 0, slices: Array.from({ length: slices }, () => []) };
  for (const [n, { life, arrivals }] of generated.entries()) {
    for (const [i, event] of eventsOf(n, life).entries()) {
      plan.events += 1;
      for (const at of arrivals[i]) {
        plan.copies += 1;
        plan.slices[Math.floor(at * slices)].push({ event, at });
      }
    }
  }
  for (const slice of plan.slices) slice.sort((a, b) => a.at - b.at);
  return plan;
}

async function postAll(poster, slice, context, refused) {
  let next = 0;
  const post = async () => {
    while (next < slice.length) {
      const { event } = slice[next++];
      for (;;) {
        const { status } = await poster.attempt(webhookOf(event, context)); // signed anew each time
        if (status === 200) break;
        refused[status] = (refused[status] ?? 0) + 1;
        if (status >= 400 && status < 500 && status !== 429)
          throw new Error(`a webhook was answered ${status}`);
        await sleep(200);
      }
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, post));
}

async function untilApplied(url) {
  const from = performance.now();
  for (; performance.now() - from < APPLIED_WITHIN_MS; await sleep(300)) {
    const [{ left }] = await ask(
      url,
      `SELECT count(*)::int AS left FROM journal.items
       WHERE settled_at IS NULL AND parked_at IS NULL AND source IN ('store', 'whatsapp')`,
    );
    if (left === 0) break;
  }
  return performance.now() - from;
}

async function compare(url, generated, plan) {
  const problems = [];
  const ends = await endOf(url, generated.length);
  let wrong = 0;
  for (const [n, { life, arrivals }] of generated.entries()) {
    const model = modelOf(life);
    const end = ends[n] ?? {};
    const off = Object.keys(model).filter((key) => model[key] !== end[key]);
    if (off.length === 0) continue;
    wrong += 1;
    if (problems.length < 5) {
      const says = off.map((key) => `${key} is ${end[key]}, in order and once it is ${model[key]}`);
      problems.push(`schedule ${n}: ${says.join('; ')}; ${JSON.stringify({ life, arrivals })}`);
    }
  }
  const rows = await rowsOf(url, plan.events);
  if (rows.missing > 0) problems.push(`${rows.missing} webhooks of ${plan.events} are not applied`);
  if (rows.extra > 0) problems.push(`${rows.extra} rows more than webhooks`);
  return {
    problems,
    figures: {
      lost: rows.missing,
      doubled: rows.extra,
      disordered: wrong,
      'dead letters': rows.dead,
      'share that ends as the model': (generated.length - wrong) / generated.length,
    },
  };
}
