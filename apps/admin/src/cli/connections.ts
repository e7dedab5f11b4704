import type { Command } from 'commander';
import type { Client, Schemas } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { sayPage, time, type Column } from './print.js';

type Tested = Schemas['ConnectionTestView'];

/** A connection as the API has it, by a short name and the path below its merchant. */
interface Connection {
  name: string;
  path: string;
  what: string;
  verifiedAt: string | null;
  test(): Promise<Tested>;
}

const LIST: readonly Column<Connection>[] = [
  ['name', (c) => c.name],
  ['what', (c) => c.what],
  ['last went well', (c) => (c.verifiedAt ? time(c.verifiedAt) : 'stored, not yet tried')],
];

const TESTED: readonly Column<Pick<Connection, 'name' | 'what'> & Tested>[] = [
  ['', (t) => (t.ok ? '✔' : '✖')],
  ['name', (t) => t.name],
  ['what', (t) => t.what],
  ['why not', (t) => t.why],
];

export function connectionCommands(program: Command): void {
  const connections = program.command('connections').description('what a merchant is connected to');

  connections
    .command('list')
    .description('shop, payment accounts, numbers, pages')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const items = await connectionsOf(client, await merchantId());
      sayPage({ items, nextCursor: null }, LIST, json);
    });

  connections
    .command('test')
    .argument('[names...]', 'of the list; left out: all of them')
    .description('ask each other side now, with the stored secrets')
    .action(async (names: string[], _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const known = await connectionsOf(client, await merchantId());
      const unknown = names.find((name) => !known.some((c) => c.name === name));
      if (unknown) throw new Failure(`there is no connection ${unknown}: see waco connections list`);
      const chosen = names.length === 0 ? known : known.filter((c) => names.includes(c.name));
      const items: (Pick<Connection, 'name' | 'what'> & Tested)[] = [];
      for (const { name, what, test } of chosen) {
        items.push({ name, what, ...(await test()) });
      }
      sayPage({ items, nextCursor: null }, TESTED, json);
      if (items.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

async function connectionsOf(client: Client, merchantId: string): Promise<Connection[]> {
  const below = '/v1/merchants/{merchantId}';
  const path = { merchantId };
  const payments = await client.list(`${below}/payment-providers`, { path }, true);
  const channels = await client.list(`${below}/channel-accounts`, { path, query: { limit: 200 } }, true);
  return [
    ...(await shopOf(client, merchantId)),
    ...payments.items.map(({ account, verifiedAt }) => {
      const test = () =>
        client.post(`${below}/payment-providers/{account}/test`, { path: { ...path, account } });
      return {
        name: account,
        path: `payment-providers/${account}`,
        what: 'payment account',
        verifiedAt,
        test,
      };
    }),
    ...channels.items
      .filter(({ releasedAt }) => releasedAt === null)
      .map(({ id, kind, displayName, verifiedAt }) => {
        const accountId = id;
        return {
          name: id,
          path: `channel-accounts/${id}`,
          what: `${kind} ${displayName}`,
          verifiedAt,
          test: () =>
            client.post(`${below}/channel-accounts/{accountId}/test`, { path: { ...path, accountId } }),
        };
      }),
  ];
}

async function shopOf(client: Client, merchantId: string): Promise<Connection[]> {
  const path = { merchantId };
  try {
    const { baseUrl, verifiedAt } = await client.get('/v1/merchants/{merchantId}/store', { path });
    const test = () => client.post('/v1/merchants/{merchantId}/store/test', { path });
    return [{ name: 'store', path: 'store', what: baseUrl, verifiedAt, test }];
  } catch (error) {
    if (error instanceof Failure && error.message.includes('not_connected')) return [];
    throw error;
  }
}
