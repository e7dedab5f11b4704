import type { Command } from 'commander';
import type { Schemas } from './client.js';
import { contextOf } from './context.js';
import { sayPage, sayRecord, time, type Column } from './print.js';

const REFUSED: readonly Column<Schemas['RefusedSenderView']>[] = [
  ['source', (r) => r.source],
  ['account', (r) => r.account],
  ['refused', (r) => r.refused.count],
  ['since', (r) => time(r.refused.since)],
  ['last', (r) => time(r.refused.lastAt)],
  ['last accepted', (r) => time(r.lastReceivedAt)],
  [
    'why',
    (r) =>
      Object.entries(r.refused.reasons)
        .map(([reason, count]) => `${reason} (${String(count)})`)
        .join(', '),
  ],
];

/** Below `webhooks`: those that were not taken, and how they are brought here. */
export function refusedWebhookCommands(webhooks: Command): void {
  webhooks
    .command('refused')
    .description('what was not taken, for each connection: since when, how many, why')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      sayPage(
        await client.list('/v1/merchants/{merchantId}/refused-webhooks', { path }, false),
        REFUSED,
        json,
      );
    });

  webhooks
    .command('subscribe')
    .argument('<account>', "a channel account's id: waco connections list")
    .description('have the channel bring the webhooks of an account here')
    .action(async (accountId: string, _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId(), accountId };
      const answer = await client.post('/v1/merchants/{merchantId}/channel-accounts/{accountId}/subscribe', {
        path,
      });
      sayRecord(answer, json);
      if (answer.subscribed !== 'yes') process.exitCode = 1;
    });
}
