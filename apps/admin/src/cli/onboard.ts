import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ask, isAttended } from './ask.js';
import type { Client, Json } from './client.js';
import { PATHS, readSecrets, type Connected } from './connect.js';
import { contextOf, merchantBySlug, type Shared } from './context.js';
import { Failure } from './failure.js';
import { sayReadiness } from './readiness.js';
import { readJsonFile } from './settings.js';
import { note, sayJson } from './terminal.js';

/** What is asked for when no file says it. */
const FIELDS: Record<'merchant' | Connected, readonly (readonly [field: string, question: string])[]> = {
  merchant: [
    ['slug', 'short name, e.g. desert-threads'],
    ['name', 'name'],
    ['country', 'country, e.g. AE'],
    ['currency', 'currency, e.g. AED'],
    ['language', 'language, e.g. en'],
  ],
  whatsapp: [
    ['businessAccountId', "Meta's id of the business account"],
    ['phoneNumberId', "Meta's id of the phone number"],
    ['displayPhoneNumber', 'the number as customers see it'],
  ],
  store: [
    ['baseUrl', 'where the shop answers the store contract'],
    ['region', 'where goods are sold to, e.g. AE'],
  ],
  stripe: [],
};

/** The step of the readiness that each connection is about. */
const STEPS: Record<Connected, string> = {
  whatsapp: 'channel_account',
  stripe: 'payment_provider',
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
      'JSON: merchant, whatsapp, store, stripe, templates; no secrets. - is the standard input',
    )
    .option('--test-number <number>', 'send a test message to this phone when the number is connected')
    .option('--wait <seconds>', 'how long to wait for syncs and approvals', Number, 60)
    .action(async ({ file, wait, testNumber }: Options, command: Command) => {
      const { client, json } = contextOf(command);
      const { merchant } = command.optsWithGlobals<Shared>();
      const plan = file ? readJsonFile(file) : {};
      if (!file && !isAttended()) throw new Failure('nobody can be asked here: name a file with --file', 2);
      const merchantId = await theMerchant(client, plan, merchant);
      const path = `/v1/merchants/${merchantId}`;
      for (const what of ['whatsapp', 'stripe', 'store'] as const) await connect(client, path, what, plan);
      await putTemplates(client, path, (plan.templates ?? {}) as Json);
      if (testNumber) await sendTest(client, path, testNumber);
      const readiness = await waitUntilReady(client, path, wait * 1_000);
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

async function sendTest(client: Client, path: string, to: string): Promise<void> {
  const { messageId } = await client.post(`${path}/test-message`, { to });
  note(`✔ test message on its way: ${String(messageId)}`);
}

async function theMerchant(client: Client, plan: Json, named: string | undefined): Promise<string> {
  if (named?.startsWith('mer_')) return named;
  const given = { ...(plan.merchant as Json | undefined) };
  if (named) given.slug = named;
  if (!given.slug) given.slug = await answer('merchant', 'slug', FIELDS.merchant[0]![1]);
  const known = await merchantBySlug(client, String(given.slug));
  if (known) {
    note(`✔ merchant ${String(given.slug)} is there already`);
    return String(known.merchantId);
  }
  const body = { language: 'en', ...(await complete('merchant', given)) };
  const { merchantId } = await client.post('/v1/merchants', body);
  note(`✔ merchant ${String(given.slug)} taken on: ${String(merchantId)}`);
  return String(merchantId);
}

/** Connects what the plan describes; without a plan, what is not connected yet and the person does not skip. */
async function connect(client: Client, path: string, what: Connected, plan: Json): Promise<void> {
  let given = plan[what] as Json | undefined;
  if (given === undefined) {
    if (!isAttended() || (await isDone(client, path, what))) return;
    const now = await ask(`connect ${what} now? [y/N]`);
    if (!/^y/i.test(now)) return;
    given = {};
  }
  const { accessTokenFile, apiKeyFile, secretKeyFile, webhookSecretFile, ...rest } = given as Record<
    string,
    string
  >;
  const files = { accessTokenFile, apiKeyFile, secretKeyFile, webhookSecretFile };
  const body = { ...(await complete(what, rest)), ...(await readSecrets(what, files)) };
  const connected = await client.put(`${path}/${PATHS[what]}`, body);
  note(`✔ ${what} connected; enter this address there for its webhooks: ${String(connected.webhookUrl)}`);
}

async function isDone(client: Client, path: string, what: Connected): Promise<boolean> {
  const { steps } = await client.get(`${path}/readiness`);
  return (steps as Json[]).some(({ step, ok }) => step === STEPS[what] && ok === true);
}

async function complete(what: keyof typeof FIELDS, given: Json): Promise<Json> {
  const body = { ...given };
  for (const [field, question] of FIELDS[what]) {
    if (what === 'merchant' && field === 'language' && !isAttended()) continue;
    body[field] ??= await answer(what, field, question);
  }
  return body;
}

async function answer(what: string, field: string, question: string): Promise<string> {
  if (!isAttended()) throw new Failure(`${what}.${field} is missing in the file`, 2);
  const typed = await ask(question);
  if (typed === '') throw new Failure(`${what}.${field} is missing`, 2);
  return typed;
}

async function putTemplates(client: Client, path: string, templates: Json): Promise<void> {
  for (const [purpose, template] of Object.entries(templates)) {
    const { status } = await client.put(
      `${path}/templates/${encodeURIComponent(purpose)}`,
      template as object,
    );
    note(`✔ template ${purpose}: ${String(status)}`);
  }
}

/** Looks until all is done, or what is missing needs a person. */
async function waitUntilReady(client: Client, path: string, waitMs: number): Promise<Json> {
  const deadline = performance.now() + waitMs;
  let told = '';
  for (;;) {
    const readiness = await client.get(`${path}/readiness`);
    const open = (readiness.steps as Json[]).filter(({ ok }) => ok !== true);
    const waiting = open.filter(({ fix }) => ENDS_BY_ITSELF.test(String(fix)));
    if (waiting.length === 0 || performance.now() > deadline) return readiness;
    const names = waiting.map(({ step }) => String(step)).join(', ');
    if (names !== told) note(`… waiting for ${names}`);
    told = names;
    await sleep(LOOK_EVERY_MS);
  }
}
