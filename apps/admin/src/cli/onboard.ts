import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ask, isAttended } from './ask.js';
import type { Client, Json, Schemas } from './client.js';
import { connect, tryConnection, wordsOf } from './connect.js';
import { contextOf, merchantBySlug, type Shared } from './context.js';
import { Failure } from './failure.js';
import { sayReadiness } from './readiness.js';
import { readJsonFile } from './settings.js';
import { note, sayJson } from './terminal.js';
import { vendors, type Connectable } from './vendor-fields.js';

/** What is asked of a merchant when no file says it. */
const MERCHANT: readonly (readonly [field: string, question: string])[] = [
  ['slug', 'short name, e.g. desert-threads'],
  ['name', 'name'],
  ['country', 'country, e.g. AE'],
  ['currency', 'currency, e.g. AED'],
  ['language', 'language, e.g. en'],
];

/** The step of the readiness that each connection is about. */
const STEPS: Record<Connectable['port'], string> = {
  channel: 'channel_account',
  payment: 'payment_provider',
  store: 'store',
};

/** What the API advises for steps that end by themselves. */
const ENDS_BY_ITSELF = /^(wait|ask again)/;
const LOOK_EVERY_MS = 1_000;

export function onboardCommand(program: Command): void {
  program
    .command('onboard')
    .description('take a merchant on, step by step, until a first customer could buy')
    .option(
      '--file <path>',
      'JSON: merchant, store, kinds of channels and payment providers, templates; no secrets. - is the standard input',
    )
    .option('--test-number <number>', 'send a test message to this phone when the number is connected')
    .option('--wait <seconds>', 'how long to wait for syncs and approvals', seconds, 60)
    .action(async ({ file, wait, testNumber }: Options, command: Command) => {
      const { client, json } = contextOf(command);
      const { merchant } = command.optsWithGlobals<Shared>();
      const plan = file ? readJsonFile(file) : {};
      if (!file && !isAttended()) throw new Failure('nobody can be asked here: name a file with --file', 2);
      const steps = stepsOf(await vendors(client), plan);
      const merchantId = await theMerchant(client, plan, merchant);
      await connectAll(client, merchantId, plan, steps);
      await putTemplates(client, merchantId, (plan.templates ?? {}) as Json);
      if (testNumber) await sendTest(client, merchantId, testNumber);
      const readiness = await waitUntilReady(client, merchantId, wait * 1_000);
      if (json) sayJson({ merchantId, ...readiness });
      else sayReadiness(readiness);
      if (!readiness.ready) process.exitCode = 1;
    });
}

interface Options {
  file?: string;
  wait: number;
  testNumber?: string;
}

function seconds(said: string): number {
  if (!/^\d{1,6}$/.test(said)) throw new Failure('--wait must be a whole number of seconds', 2);
  return Number(said);
}

async function sendTest(client: Client, merchantId: string, to: string): Promise<void> {
  try {
    const { messageId } = await client.post('/v1/merchants/{merchantId}/test-message', {
      path: { merchantId },
      body: { to },
    });
    note(`✔ test message on its way: ${messageId}`);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== 1) throw error;
    note(`✖ test message: ${error.message}`, ...error.more);
  }
}

async function theMerchant(client: Client, plan: Json, named: string | undefined): Promise<string> {
  if (named?.startsWith('mer_')) return named;
  const given = { ...(plan.merchant as Json | undefined) };
  if (named) given.slug = named;
  if (!given.slug) given.slug = await answer('merchant', 'slug', MERCHANT[0]![1]);
  const known = await merchantBySlug(client, String(given.slug));
  if (known) {
    note(`✔ merchant ${String(given.slug)} is there already`);
    return known.merchantId;
  }
  const body = { language: 'en', ...(await complete(given)) };
  const { merchantId } = await client.post('/v1/merchants', { body: body as Schemas['CreateMerchant'] });
  note(`✔ merchant ${String(given.slug)} taken on: ${merchantId}`);
  return merchantId;
}

/** One connection of the plan. `account`: the merchant's key for a payment account, where it is not the kind. */
interface Step {
  name: string;
  vendor: Connectable;
  account?: string;
}

/** Connects what the plan describes; without a plan, what is not connected yet and the person does not skip. */
async function connectAll(
  client: Client,
  merchantId: string,
  plan: Json,
  steps: readonly Step[],
): Promise<void> {
  for (const { name, vendor, account } of steps) {
    const given = (plan[name] as Json | undefined) ?? (await wanted(client, merchantId, name, vendor));
    if (!given) continue;
    const connected = await connect(client, merchantId, vendor, given, account);
    const tried = await tryConnection(client, merchantId, vendor, connected);
    const { test, webhooks } = wordsOf(tried);
    note(tried.test.ok ? `✔ ${name} connected, and a call with it went well` : `✖ ${name} ${test}`);
    const address = String(connected.webhookUrl);
    if (tried.webhooks?.subscribed === 'yes') note(`  its webhooks are brought to ${address}`);
    else note(`  enter this address there for its webhooks: ${address}${webhooks ? ` (${webhooks})` : ''}`);
  }
}

/**
 * By the plan's names. The shop comes last, as its first sync may take a while; it is of one kind.
 * @throws Failure for what the plan has and nothing reads, before anything is done.
 */
function stepsOf(all: readonly Connectable[], plan: Json): Step[] {
  const stores = all.filter(({ port }) => port === 'store');
  for (const part of ['merchant', 'templates']) objectIn(plan, part);
  const { kind } = objectIn(plan, 'store');
  const store = kind === undefined ? stores[0] : stores.find((vendor) => vendor.kind === kind);
  if (!store) throw new Failure('store.kind in the file is none of waco vendors list', 2);
  const others = all.filter(({ port }) => port !== 'store');
  const more = Object.keys(plan).flatMap((account) => {
    const vendor = others.find((o) => o.port === 'payment' && account.startsWith(`${o.kind}-`));
    return vendor ? [{ name: account, vendor, account }] : [];
  });
  const steps = [
    ...others.map((vendor) => ({ name: vendor.kind, vendor })),
    ...more,
    { name: 'store', vendor: store },
  ];
  const names = new Set(['merchant', 'templates', ...steps.map(({ name }) => name)]);
  const strange = Object.keys(plan).find((name) => !names.has(name));
  if (strange) throw new Failure(`${strange} in the file is none of waco vendors list`, 2);
  for (const { name, vendor } of steps) requireReadable(name, vendor, plan);
  return steps;
}

/** @throws Failure for what a connection has not, or lacks and nobody can be asked for. */
function requireReadable(name: string, { port, asked, secrets }: Connectable, plan: Json): void {
  if (plan[name] === undefined) return;
  const given = objectIn(plan, name);
  const fields = [...asked.map((field) => field.name), ...secrets.map((secret) => `${secret.name}File`)];
  if (port === 'store') fields.push('kind');
  for (const field of Object.keys(given)) {
    if (secrets.some((secret) => secret.name === field)) {
      throw new Failure(
        `${name}.${field}: secrets never stand in the file, name another with ${field}File`,
        2,
      );
    }
    if (!fields.includes(field)) throw new Failure(`${name} has no ${field}: see waco vendors list`, 2);
  }
  const lacks = asked.find((field) => !field.optional && given[field.name] === undefined);
  if (lacks && !isAttended()) throw new Failure(`${name}.${lacks.name} is missing in the file`, 2);
}

/** @throws Failure for anything but an object. */
function objectIn(plan: Json, name: string): Json {
  const value = plan[name] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new Failure(`${name} in the file must be an object`, 2);
  }
  return value as Json;
}

/** An empty plan when the person wants it connected. */
async function wanted(
  client: Client,
  merchantId: string,
  name: string,
  vendor: Connectable,
): Promise<Json | undefined> {
  if (!isAttended() || !vendor.isUsed || (await isDone(client, merchantId, vendor))) return undefined;
  return /^y/i.test(await ask(`connect ${name} now? [y/N]`)) ? {} : undefined;
}

async function isDone(client: Client, merchantId: string, { port }: Connectable): Promise<boolean> {
  const { steps } = await client.get('/v1/merchants/{merchantId}/readiness', { path: { merchantId } });
  return steps.some(({ step, ok }) => step === STEPS[port] && ok);
}

async function complete(given: Json): Promise<Json> {
  const body = { ...given };
  for (const [field, question] of MERCHANT) {
    if (field === 'language' && !isAttended()) continue;
    body[field] ??= await answer('merchant', field, question);
  }
  return body;
}

async function answer(what: string, field: string, question: string): Promise<string> {
  if (!isAttended()) throw new Failure(`${what}.${field} is missing in the file`, 2);
  const typed = await ask(question);
  if (typed === '') throw new Failure(`${what}.${field} is missing`, 2);
  return typed;
}

async function putTemplates(client: Client, merchantId: string, templates: Json): Promise<void> {
  for (const [purpose, template] of Object.entries(templates)) {
    try {
      const { status } = await client.put('/v1/merchants/{merchantId}/templates/{purpose}', {
        path: { merchantId, purpose: purpose as Schemas['PutTemplateView']['purpose'] },
        body: template as Schemas['PutTemplate'],
      });
      note(`✔ template ${purpose}: ${status}`);
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== 1) throw error;
      note(`✖ template ${purpose}: ${error.message}`, ...error.more);
    }
  }
}

/** Looks until all is done, or what is missing needs a person. */
async function waitUntilReady(
  client: Client,
  merchantId: string,
  waitMs: number,
): Promise<Schemas['ReadinessView']> {
  const deadline = performance.now() + waitMs;
  let told = '';
  for (;;) {
    const readiness = await client.get('/v1/merchants/{merchantId}/readiness', { path: { merchantId } });
    const open = readiness.steps.filter(({ ok }) => !ok);
    const waiting = open.filter(({ fix }) => ENDS_BY_ITSELF.test(fix ?? ''));
    if (waiting.length === 0 || performance.now() > deadline) return readiness;
    const names = waiting.map(({ step }) => step).join(', ');
    if (names !== told) note(`… waiting for ${names}`);
    told = names;
    await sleep(LOOK_EVERY_MS);
  }
}
