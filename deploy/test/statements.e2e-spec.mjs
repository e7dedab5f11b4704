import { randomInt } from 'node:crypto';
import { jest } from '@jest/globals';
import { startFleet } from '../../bench/lib/fleet.mjs';
import { sayMixed } from '../../bench/lib/mix.mjs';
import { countStatements, inAll, logStatements } from '../../bench/lib/statements.mjs';
import { EACH, Turns } from '../../bench/lib/turns.mjs';

/** What one turn may ask of the database: a message in, its reply out, and the reply's three statuses. */
const AT_MOST = {
  // Whole customers one after the other, so that their first messages have their share of all. The slower the machine is,
  // the fewer statuses are applied together.
  'one at a time': { statements: 75, transactions: 17, write: (turns) => oneByOne(turns, 3 * EACH) },
  // What is ready in the same moment shares transactions.
  'sixteen at a time': { statements: 45, transactions: 9.5, write: (turns) => atOnce(turns, 16) },
};
/** Statements that are named when there are too many: those that a turn has this often at least, and so much of each. */
const SHOWN = { aTurn: 0.1, characters: 200 };

jest.setTimeout(300_000);

describe('a turn on a warm stack', () => {
  let fleet;
  let turns;

  beforeAll(async () => {
    fleet = await startFleet({
      // Below the ports that the system gives to outgoing connections.
      portBase: 20_000 + randomInt(80) * 150,
      queue: process.env.WACO_TEST_REDIS_URL ? 'redis' : 'postgres',
      merchants: 2,
      env: { LOG_LEVEL: 'warn' },
    });
    turns = new Turns(fleet, { say: sayMixed, statuses: true });
    await turns.closed({ outstanding: 4, seconds: 5 });
    await logStatements(fleet);
    await oneByOne(turns, EACH);
    await turns.check();
  });

  afterAll(async () => {
    turns?.close();
    await fleet?.stop();
  });

  it.each(Object.entries(AT_MOST))('asks the database no more often than it has to, %s', async (_, most) => {
    let count = 0;
    const counted = await countStatements(fleet, async () => {
      count = await most.write(turns);
    });
    await turns.check();
    const perTurn = {
      statements: inAll(counted.services, 'statements') / count,
      transactions: inAll(counted.services, 'transactions') / count,
    };
    const few = perTurn.statements <= most.statements && perTurn.transactions <= most.transactions;
    if (!few)
      throw new Error(`a turn may take ${JSON.stringify(most)}:\n${tableOf(perTurn, counted, count)}`);
    // Less than these would mean that nothing was counted.
    expect(perTurn.statements).toBeGreaterThan(5);
    expect(perTurn.transactions).toBeGreaterThan(1);
  });
});

async function oneByOne(turns, count) {
  for (let i = 0; i < count; i++) await turns.one();
  return count;
}

async function atOnce(turns, outstanding) {
  const { turns: count } = await turns.closed({ outstanding, seconds: 5 });
  return count;
}

/** Per turn: all, each service, and the most frequent statements. */
function tableOf(perTurn, { services, texts }, turns) {
  const each = (count) => (count / turns).toFixed(2).padStart(7);
  return [
    `it takes ${JSON.stringify(perTurn)}`,
    ...Object.entries(services).map(
      ([name, { statements, transactions }]) =>
        `${each(statements)} statements in ${each(transactions)} transactions: ${name}`,
    ),
    ...texts
      .filter(({ count }) => count >= SHOWN.aTurn * turns)
      .map(({ service, text, count }) => `${each(count)} ${service}: ${shortened(text)}`),
  ].join('\n');
}

/** Beginning and end: between them stand names of columns. */
function shortened(text) {
  const half = SHOWN.characters / 2;
  return text.length > SHOWN.characters ? `${text.slice(0, half)} … ${text.slice(-half)}` : text;
}
