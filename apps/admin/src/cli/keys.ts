import type { Command } from 'commander';
import { need } from './ask.js';
import type { Client, Page, Query, Schemas } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, time, type Column } from './print.js';
import { note, say, sayJson } from './terminal.js';

const COLUMNS: readonly Column<Schemas['ApiKeyView']>[] = [
  ['id', (k) => k.id],
  ['name', (k) => k.name],
  ['scopes', (k) => k.scopes.join(' ')],
  ['created', (k) => time(k.createdAt)],
  ['last used', (k) => time(k.lastUsedAt)],
  ['expires', (k) => time(k.expiresAt)],
  ['revoked', (k) => time(k.revokedAt)],
];

interface KeysOptions {
  operator?: boolean;
}

/** One that there is not, the API refuses. */
type Scope = Schemas['ApiKeyView']['scopes'][number];

/** The keys of a merchant, or those of the operators. */
interface Keys {
  list(query: Query<'/v1/operator-keys'>, all: boolean): Promise<Page<Schemas['ApiKeyView']>>;
  create(body: Schemas['CreateApiKey']): Promise<Schemas['NewApiKeyView']>;
  rotate(keyId: string, body: Schemas['RotateApiKey']): Promise<Schemas['NewApiKeyView']>;
  revoke(keyId: string): Promise<void>;
}

async function keysOf(command: Command): Promise<Keys> {
  const { client, merchantId } = contextOf(command);
  const { operator } = command.optsWithGlobals<KeysOptions>();
  return operator ? operatorKeys(client) : merchantKeys(client, await merchantId());
}

function operatorKeys(client: Client): Keys {
  return {
    list: (query, all) => client.list('/v1/operator-keys', { query }, all),
    create: (body) => client.post('/v1/operator-keys', { body }),
    rotate: (keyId, body) => client.post('/v1/operator-keys/{keyId}/rotate', { path: { keyId }, body }),
    revoke: (keyId) => client.delete('/v1/operator-keys/{keyId}', { path: { keyId } }),
  };
}

function merchantKeys(client: Client, merchantId: string): Keys {
  const all = '/v1/merchants/{merchantId}/api-keys';
  const one = `${all}/{keyId}` as const;
  return {
    list: (query, every) => client.list(all, { path: { merchantId }, query }, every),
    create: (body) => client.post(all, { path: { merchantId }, body }),
    rotate: (keyId, body) => client.post(`${one}/rotate`, { path: { merchantId, keyId }, body }),
    revoke: (keyId) => client.delete(one, { path: { merchantId, keyId } }),
  };
}

/** Keys of a merchant, or with `--operator` of the platform. */
export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('API keys')
    .option('--operator', "the operators' own keys instead of a merchant's");

  paged(keys.command('list').description('keys, without the keys themselves')).action(
    async ({ limit, cursor, all }: Paging, command: Command) => {
      const { json } = contextOf(command);
      const { list } = await keysOf(command);
      sayPage(await list({ limit, cursor }, all), COLUMNS, json);
    },
  );

  keys
    .command('create')
    .description('make a key; it is shown this once')
    .option('--name <name>', 'who or what uses it')
    .option('--scopes <scopes>', 'separated by commas; left out: all that yours has')
    .option('--expires-at <time>', 'ISO 8601; left out: until it is revoked')
    .action(async (given: { name?: string; scopes?: string; expiresAt?: string }, command: Command) => {
      const { json } = contextOf(command);
      const body: Schemas['CreateApiKey'] = {
        name: await need(given.name, 'name', '--name'),
        ...(given.scopes ? { scopes: given.scopes.split(',').map((s) => s.trim() as Scope) } : {}),
        ...(given.expiresAt ? { expiresAt: given.expiresAt } : {}),
      };
      const { create } = await keysOf(command);
      shown(await create(body), json);
    });

  keys
    .command('rotate')
    .argument('<id>')
    .description('make a key in the place of this one; both are good for a while')
    .option('--overlap <seconds>', 'how long the old one stays good', Number)
    .action(async (id: string, { overlap }: { overlap?: number }, command: Command) => {
      const { json } = contextOf(command);
      const { rotate } = await keysOf(command);
      shown(await rotate(id, { overlapSeconds: overlap }), json);
    });

  keys
    .command('revoke')
    .argument('<id>')
    .description('end a key at once and for good')
    .action(async (id: string, _options: object, command: Command) => {
      const { json } = contextOf(command);
      const { revoke } = await keysOf(command);
      await revoke(id);
      if (json) sayJson({ id, revoked: true });
      else say(`${id} is revoked`);
    });
}

/** The key alone on the standard output, so that it can be put into a file. */
function shown(answer: Schemas['NewApiKeyView'], json: boolean): void {
  if (json) return sayJson(answer);
  note(`${answer.id} is made. This is the only time that the key is shown:`);
  say(answer.key);
}
