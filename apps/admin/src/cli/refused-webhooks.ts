import type { Command } from 'commander';
import type { Json } from './client.js';
import { contextOf } from './context.js';
import { sayPage, sayRecord, time, type Column } from './print.js';

const REFUSED: readonly Column[] = [
  ['source', (r) => r.source],
  ['account', (r) => r.account],
  ['refused', (r) => ofRefused(r).count],
  ['since', (r) => time(ofRefused(r).since)],
  ['last', (r) => time(ofRefused(r).lastAt)],
  ['last accepted', (r) => time(r.lastReceivedAt)],
  ['why', (r) => Object.keys((ofRefused(r).reasons ?? {}) as Json).join(', ')],
];

/** Below `webhooks`: those that were not taken, and how they are brought here. */
export function refusedWebhookCommands(webhooks: Command): void {
  webhooks
    .command('refused')
    .description('what was not taken, for each connection: since when, how many, why')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      sayPage(await client.list(`${await merchantPath()}/refused-webhooks`, {}, false), REFUSED, json);
    });

  webhooks
    .command('subscribe')
    .argument('<account>', "a channel account's id: waco connections list")
    .description('have the channel bring the webhooks of an account here')
    .action(async (account: string, _options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const path = `${await merchantPath()}/channel-accounts/${encodeURIComponent(account)}/subscribe`;
      const answer = await client.post(path);
      sayRecord(answer, json);
      if (answer.subscribed !== 'yes') process.exitCode = 1;
    });
}

function ofRefused({ refused }: Json): Json {
  return (refused ?? {}) as Json;
}
