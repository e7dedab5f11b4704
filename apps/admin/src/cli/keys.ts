import type { Command } from 'commander';
import { need } from './ask.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, time, type Column } from './print.js';
import { note, say, sayJson } from './terminal.js';

const COLUMNS: readonly Column[] = [
  ['id', (k) => k.id],
  ['name', (k) => k.name],
  ['scopes', (k) => (k.scopes as string[]).join(' ')],
  ['created', (k) => time(k.createdAt)],
  ['last used', (k) => time(k.lastUsedAt)],
  ['expires', (k) => time(k.expiresAt)],
  ['revoked', (k) => time(k.revokedAt)],
];

interface KeysOptions {
  operator?: boolean;
}

/** Keys of a merchant, or with `--operator` of the platform. */
export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('API keys')
    .option('--operator', "the operators' own keys instead of a merchant's");
  const pathOf = async (command: Command): Promise<string> =>
    command.optsWithGlobals<KeysOptions>().operator
      ? '/v1/operator-keys'
      : `${await contextOf(command).merchantPath()}/api-keys`;

  paged(keys.command('list').description('keys, without the keys themselves')).action(
    async (options: Paging, command: Command) => {
      const { client, json } = contextOf(command);
      const query = { limit: options.limit, cursor: options.cursor };
      sayPage(await client.list(await pathOf(command), query, options.all), COLUMNS, json);
    },
  );

  keys
    .command('create')
    .description('make a key; it is shown this once')
    .option('--name <name>', 'who or what uses it')
    .option('--scopes <scopes>', 'separated by commas; left out: all that yours has')
    .option('--expires-at <time>', 'ISO 8601; left out: until it is revoked')
    .action(async (given: { name?: string; scopes?: string; expiresAt?: string }, command: Command) => {
      const { client, json } = contextOf(command);
      const body = {
        name: await need(given.name, 'name', '--name'),
        ...(given.scopes ? { scopes: given.scopes.split(',').map((s) => s.trim()) } : {}),
        ...(given.expiresAt ? { expiresAt: given.expiresAt } : {}),
      };
      shown(await client.post(await pathOf(command), body), json);
    });

  keys
    .command('rotate')
    .argument('<id>')
    .description('make a key in the place of this one; both are good for a while')
    .option('--overlap <seconds>', 'how long the old one stays good', Number)
    .action(async (id: string, { overlap }: { overlap?: number }, command: Command) => {
      const { client, json } = contextOf(command);
      const body = overlap === undefined ? {} : { overlapSeconds: overlap };
      shown(await client.post(`${await pathOf(command)}/${id}/rotate`, body), json);
    });

  keys
    .command('revoke')
    .argument('<id>')
    .description('end a key at once and for good')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, json } = contextOf(command);
      await client.delete(`${await pathOf(command)}/${id}`);
      if (json) sayJson({ id, revoked: true });
      else say(`${id} is revoked`);
    });
}

/** The key alone on the standard output, so that it can be put into a file. */
function shown(answer: Record<string, unknown>, json: boolean): void {
  if (json) return sayJson(answer);
  note(`${String(answer.id)} is made. This is the only time that the key is shown:`);
  say(String(answer.key));
}
