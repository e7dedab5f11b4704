import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './compare.mjs';
import { phoneOf, Poster, textWebhook } from './customers.mjs';
import { ask } from './database.mjs';
import { checkSame } from './delivery.mjs';
import { HISTORY } from './history.mjs';
import { RECEIVE, RECORD_STATUS, untilQuiet } from './readback.mjs';
import { Statuses } from './statuses.mjs';

const GREETING = 'hi';
/** Messages of one person: well below the 45 that one may get in one go, so that pacing is not what is measured. */
export const EACH = 12;
const PATIENCE_MS = 60_000;

/**
 * Customers who write and are answered: a turn is one message in, through all services, and the call with its reply.
 * Each has one message under way at a time.
 */
export class Turns {
  #acknowledged = [];
  #waiting = new Map();
  #idle = new Map();
  #people;
  #said = 0;
  #seen = 0;
  #since = '0';

  /**
   * @param fleet what startFleet() or startBot() gives.
   * @param options `journal: false` where there is none to be compared; `first`: number of the first customer;
   *   `only`: of merchants, where others write as well; `say`: makes the signed webhook of message `n` of all, which is
   *   answered with one message and is number `k` of its customer, from 0 (default: a greeting); `statuses`: the
   *   channel tells what became of each reply, which no turn waits for (default: it does not).
   */
  constructor(fleet, { journal = true, first = 0, only, say = greet, statuses = false } = {}) {
    this.fleet = fleet;
    this.say = say;
    this.isOurs = ({ from }) => !only || only.some((merchant) => merchant.phoneNumberId === from);
    this.journal = journal;
    this.#people = first;
    this.poster = new Poster(fleet.stack.urls.gateway);
    this.statuses = new Statuses(fleet, this.poster);
    fleet.vendor.onMessage = (message) => {
      const { from, to, at } = message;
      if (statuses && this.isOurs(message)) this.statuses.follow(message);
      this.#waiting.get(`${from}/${to}`)?.(at);
    };
  }

  /** `outstanding` customers, each of whom writes as soon as the reply is there. Returns what measure() says. */
  async closed({ outstanding, seconds, merchants }) {
    const until = performance.now() + seconds * 1_000;
    const customer = async (turns) => {
      while (performance.now() < until) turns.push(await this.#turn(performance.now(), merchants));
    };
    return measured(seconds, (turns) =>
      Promise.all(Array.from({ length: outstanding }, () => customer(turns))),
    );
  }

  /** Messages come at random at this rate, whatever becomes of the others; time counts from when each was due. */
  async open({ perSecond, seconds, merchants, until = () => false }) {
    const end = performance.now() + seconds * 1_000;
    return measured(seconds, async (turns) => {
      const open = [];
      for (let due = performance.now(); due < end && !until();) {
        due += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
        await sleep(Math.max(0, due - performance.now()));
        open.push(this.#turn(due, merchants).then((turn) => turns.push(turn)));
      }
      await Promise.all(open);
    });
  }

  /** One turn of one customer. Resolves with milliseconds, when its statuses have been applied as well. */
  async one() {
    const { ms } = await this.#turn(performance.now());
    await this.settled();
    return ms;
  }

  /**
   * Resolves when nothing is left to do: statuses that are still to come are acknowledged, and what was stored is done.
   * @throws Error when something is left undone.
   */
  async settled() {
    do {
      await this.statuses.settled();
      if (!this.journal) continue;
      const quiet = await untilQuiet(this.fleet.stack.databaseUrl, 3_600_000);
      if (quiet.left > 0) throw new Error(`${quiet.left} items were left undone`);
    } while (this.statuses.underWay > 0);
  }

  /**
   * What was acknowledged since the last check, what was stored and applied, and what was answered, once each: messages
   * and statuses.
   * @throws Error when they are not the same.
   */
  async check() {
    await this.settled();
    const acknowledged = this.#acknowledged;
    this.#acknowledged = [];
    const told = this.statuses.takeAcknowledged();
    if (this.journal) await this.#checkJournal(acknowledged, told);
    const { sent } = this.fleet.vendor;
    const replies = sent
      .slice(this.#seen)
      .filter(this.isOurs)
      .map(({ from, to }) => `${from}/${to}`);
    this.#seen = sent.length;
    checkSame(numbered(acknowledged.map((a) => a.key)), numbered(replies));
  }

  /** `count` people write, as fast as they are acknowledged; nobody waits for the replies, and check() counts them. */
  async put({ count, connections, merchants = this.fleet.merchants }) {
    let put = 0;
    const connection = async () => {
      while (put++ < count) {
        const person = this.#newcomer(merchants);
        await this.#write(person);
      }
    };
    await Promise.all(Array.from({ length: connections }, connection));
  }

  close() {
    this.statuses.close();
    this.poster.close();
    this.fleet.vendor.onMessage = () => undefined;
  }

  async #checkJournal(acknowledged, told) {
    const url = this.fleet.stack.databaseUrl;
    const rows = await ask(
      url,
      `SELECT name, coalesce(payload->>'channelMessageId' || '/' || (payload->>'status'), payload->>'messageId') AS said
       FROM journal.items
       WHERE id > $1 AND name = ANY($2) AND external_id NOT LIKE '${HISTORY}%'
         -- A status that a later one has overtaken is skipped.
         AND (outcome = 'done' OR (outcome = 'skipped' AND name = '${RECORD_STATUS}'))`,
      [this.#since, [RECEIVE, RECORD_STATUS]],
    );
    const applied = (name) => rows.filter((row) => row.name === name).map((row) => row.said);
    const ids = acknowledged.map((a) => a.id);
    checkSame(ids, applied(RECEIVE));
    checkSame(told, applied(RECORD_STATUS));
    const [last] = await ask(url, 'SELECT coalesce(max(id), 0) AS id FROM journal.items');
    this.#since = last.id;
  }

  async #turn(due, merchants = this.fleet.merchants) {
    const person = this.#take(merchants);
    const { key } = person;
    const replied = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${key} has no reply`)), PATIENCE_MS);
      this.#waiting.set(key, (at) => {
        clearTimeout(late);
        this.#waiting.delete(key);
        resolve(at);
      });
    });
    replied.catch(() => undefined); // who waits for it below, learns of it
    await this.#write(person);
    const acknowledgedAt = performance.now();
    const repliedAt = await replied;
    if (++person.said < EACH) this.#idleOf(merchants).push(person);
    return { ms: repliedAt - due, acknowledgedMs: acknowledgedAt - due };
  }

  async #write({ merchant, phone, key, said: k }) {
    const appSecret = this.fleet.stack.secrets.whatsappAppSecret;
    const webhook = this.say({ merchant, phone, appSecret, k }, this.#said++);
    await this.poster.deliver(webhook);
    this.#acknowledged.push({ id: webhook.id, key });
  }

  #take(merchants) {
    return this.#idleOf(merchants).shift() ?? this.#newcomer(merchants);
  }

  #newcomer(merchants) {
    const n = this.#people++;
    const merchant = merchants[n % merchants.length];
    const phone = phoneOf(n);
    return { merchant, phone, key: `${merchant.phoneNumberId}/${phone}`, said: 0 };
  }

  #idleOf(merchants) {
    if (!this.#idle.has(merchants)) this.#idle.set(merchants, []);
    return this.#idle.get(merchants);
  }
}

function greet(message) {
  return textWebhook({ ...message, text: GREETING });
}

/** `{ turns, seconds, perSecond, latencies, acknowledged }`, both sorted, in milliseconds. */
async function measured(seconds, run) {
  const turns = [];
  const began = performance.now();
  await run(turns);
  const took = Math.max(seconds, (performance.now() - began) / 1_000);
  const sorted = (pick) => turns.map(pick).sort((a, b) => a - b);
  return {
    turns: turns.length,
    seconds: took,
    perSecond: turns.length / took,
    latencies: sorted((turn) => turn.ms),
    acknowledged: sorted((turn) => turn.acknowledgedMs),
  };
}

/** The same key twice is a first and a second. */
function numbered(keys) {
  const seen = new Map();
  return keys.map((key) => {
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return `${key}/${seen.get(key)}`;
  });
}

/** p50, p95 and p99 of sorted milliseconds. */
export function spreadOf(latencies, when) {
  return {
    [`${when}: p50 ms`]: percentile(latencies, 0.5),
    [`${when}: p95 ms`]: percentile(latencies, 0.95),
    [`${when}: p99 ms`]: percentile(latencies, 0.99),
  };
}
