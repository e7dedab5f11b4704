import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES } from '../../deploy/local/settings.mjs';
import { ask } from './database.mjs';
import { sum } from './usage.mjs';

/** What the server writes down of each statement: whose it is and which transaction's. */
const LOGGING = {
  log_statement: 'all',
  log_line_prefix: '%u|%v|',
  log_parameter_max_length: '0',
};
/** A line of the log that has a statement. Where that has lines of its own, those after its first begin with a tab. */
const LINE = /^(\w+)\|(\d+\/\d+)\|LOG: {2}(?:statement|execute [^:]+): (.*)$/;
/** The sandbox is the world outside, and what benchmarks ask of the database is asked as its owner. */
const { sandbox: _outside, ...OURS } = SERVICES;
const SERVICE_OF = new Map(Object.entries(OURS).map(([name, { role }]) => [role, name]));

/**
 * Has the server of a fleet write down every statement from now on. The fleet's PostgreSQL is its own.
 * @param fleet what startFleet() gives.
 */
export async function logStatements({ stack }) {
  for (const [name, value] of Object.entries(LOGGING)) {
    await ask(stack.databaseUrl, `ALTER SYSTEM SET ${name} = '${value}'`);
  }
  await ask(stack.databaseUrl, 'SELECT pg_reload_conf()');
  for (let set = ''; set !== LOGGING.log_statement; await sleep(50)) {
    [{ log_statement: set }] = await ask(stack.databaseUrl, 'SHOW log_statement');
  }
}

/**
 * Counts what the services ask of the database during `work`, less what they ask in the same time when there is nothing
 * to do. `BEGIN`, `SET` and `COMMIT` are statements as well; a statement outside of a transaction is one by itself.
 * @param fleet one whose statements are logged, with nothing to do before `work` and after it.
 * @returns {Promise<{ services: Record<string, { statements: number, transactions: number }>,
 *   texts: { service: string, text: string, count: number }[] }>} `texts` with the most frequent first.
 */
export async function countStatements({ dataDir }, work) {
  const log = join(dataDir, 'logs', 'postgres.log');
  const offset = () => statSync(log).size;
  const startedAt = performance.now();
  const [from] = [offset(), await work()];
  const until = offset();
  await sleep(performance.now() - startedAt);
  const bytes = readFileSync(log);
  const working = readLog(bytes.toString('utf8', from, until));
  const idle = readLog(bytes.toString('utf8', until));
  const services = {};
  for (const service of SERVICE_OF.values()) {
    services[service] = {
      statements: totalOf(working.texts, service) - totalOf(idle.texts, service),
      transactions: totalOf(working.transactions, service) - totalOf(idle.transactions, service),
    };
  }
  const texts = [...working.texts].map(([key, count]) => {
    const [service, text] = JSON.parse(key);
    return { service, text, count: count - (idle.texts.get(key) ?? 0) };
  });
  return { services, texts: texts.filter((t) => t.count > 0).toSorted((a, b) => b.count - a.count) };
}

/** All services together. */
export const inAll = (services, what) => sum(Object.values(services).map((service) => service[what]));

/**
 * What a part of the server's log holds of the services.
 * @param {string} log
 * @returns {{ texts: Map<string, number>, transactions: Map<string, number> }} how often each text was sent, and how many
 *   transactions each service began; by the JSON of `[service, text]` and of `[service]`.
 */
export function readLog(log) {
  const texts = new Map();
  const transactions = new Map();
  const seen = new Set();
  for (const { role, transaction, said } of linesOf(log)) {
    const service = SERVICE_OF.get(role);
    if (!service) continue;
    for (const text of statementsOf(said)) add(texts, [service, text]);
    if (!seen.has(transaction)) add(transactions, [service]);
    seen.add(transaction);
  }
  return { texts, transactions };
}

function linesOf(log) {
  return log
    .replaceAll('\n\t', ' ')
    .split('\n')
    .map((line) => LINE.exec(line))
    .filter(Boolean)
    .map(([, role, transaction, said]) => ({ role, transaction, said }));
}

/** Each statement of what was sent in one go, without the values that stand in it. */
function statementsOf(said) {
  const plain = said.replace(/'(?:[^']|'')*'/g, "'…'").replace(/\s+/g, ' ');
  return plain
    .split(';')
    .map((text) => text.trim())
    .filter(Boolean);
}

function add(counts, key) {
  const name = JSON.stringify(key);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const totalOf = (counts, service) =>
  sum([...counts].filter(([key]) => JSON.parse(key)[0] === service).map(([, count]) => count));
