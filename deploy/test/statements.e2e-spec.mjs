import { randomInt } from 'node:crypto';
import { jest } from '@jest/globals';
import { startFleet } from '../../bench/lib/fleet.mjs';
import { sayMixed } from '../../bench/lib/mix.mjs';
import { countStatements, inAll, logStatements } from '../../bench/lib/statements.mjs';
import { EACH, Turns } from '../../bench/lib/turns.mjs';

/** What one turn may ask of the database: a message in, its reply out, and the reply's three statuses. */
const AT_MOST = { statements: 106, transactions: 18 };
/** Whole customers, so that their first messages have their share of all. */
const TURNS = 3 * EACH;
/** Statements that are named when there are too many: those that a turn has this often at least, and so much of each. */
const SHOWN = { aTurn: 0.1, characters: 200 };

jest.setTimeout(300_000);

describe('a turn, one at a time on a warm stack', () => {
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
    for (let i = 0; i < EACH; i++) await turns.one();
    await turns.check();
  });

  afterAll(async () => {
    turns?.close();
    await fleet?.stop();
  });

  it('asks the database no more often than it has to', async () => {
    const counted = await countStatements(fleet, async () => {
      for (let i = 0; i < TURNS; i++) await turns.one();
    });
    await turns.check();
    const perTurn = {
      statements: inAll(counted.services, 'statements') / TURNS,
      transactions: inAll(counted.services, 'transactions') / TURNS,
    };
    const few = perTurn.statements <= AT_MOST.statements && perTurn.transactions <= AT_MOST.transactions;
    if (!few) throw new Error(`a turn may take ${JSON.stringify(AT_MOST)}:\n${tableOf(perTurn, counted)}`);
    // Less than these would mean that nothing was counted.
    expect(perTurn.statements).toBeGreaterThan(5);
    expect(perTurn.transactions).toBeGreaterThan(2);
  });
});

/** Per turn: all, each service, and the most frequent statements. */
function tableOf(perTurn, { services, texts }) {
  const each = (count) => (count / TURNS).toFixed(2).padStart(7);
  return [
    `it takes ${JSON.stringify(perTurn)}`,
    ...Object.entries(services).map(
      ([name, { statements, transactions }]) =>
        `${each(statements)} statements in ${each(transactions)} transactions: ${name}`,
    ),
    ...texts
      .filter(({ count }) => count >= SHOWN.aTurn * TURNS)
      .map(({ service, text, count }) => `${each(count)} ${service}: ${shortened(text)}`),
  ].join('\n');
}

/** Beginning and end: between them stand names of columns. */
function shortened(text) {
  const half = SHOWN.characters / 2;
  return text.length > SHOWN.characters ? `${text.slice(0, half)} … ${text.slice(-half)}` : text;
}
