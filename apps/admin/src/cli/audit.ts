import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Query, Schemas } from './client.js';
import { contextOf, findMerchant, type Shared } from './context.js';
import { Failure } from './failure.js';
import { paged, type Paging } from './paging.js';
import { sayPage, short, time, type Column } from './print.js';
import { jsonText, say, sayJson } from './terminal.js';

type Search = Query<'/v1/audit'>;

export function auditCommands(program: Command): void {
  const audit = program.command('audit').description('what operators and merchants changed');

  paged(audit.command('list').description('newest first'))
    .option('--actor <key>', 'id of the key that acted')
    .option('--action <action>', 'e.g. merchant.suspend')
    .option('--target <id>', 'what was changed')
    .action(async ({ limit, cursor, all, actor, action, target }: Paging & Search, command: Command) => {
      const { client, json } = contextOf(command);
      const { merchant } = command.optsWithGlobals<Shared>();
      const merchantId = merchant ? await findMerchant(client, merchant) : undefined;
      const query: Search = { limit, cursor, actor, action, target, merchantId };
      sayPage(await client.list('/v1/audit', { query }, all), AUDIT, json);
    });

  audit
    .command('verify')
    .argument(
      '[heads]',
      'file with the heads that an earlier run has seen; the present ones are written to it',
    )
    .description('recompute all chains of hashes (operators)')
    .option('--database', 'from DATABASE_URL, without the API')
    .action(async (file: string | undefined, { database }: { database?: true }, command: Command) => {
      process.exitCode = database ? await verifyDatabase(file) : await verifyByApi(file, command);
    });
}

function verifyDatabase(file: string | undefined): Promise<number> {
  const program = fileURLToPath(new URL('../audit/verify.cli.js', import.meta.url));
  const child = spawn(process.execPath, [program, ...(file ? [file] : [])], { stdio: 'inherit' });
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}

async function verifyByApi(file: string | undefined, command: Command): Promise<number> {
  const { client, json } = contextOf(command);
  const heads = file && existsSync(file) ? readHeads(file) : [];
  const report = await client.post('/v1/audit/verify', { body: { heads } });
  if (json) sayJson(report);
  else {
    for (const { chain, seq, why } of report.breaks) {
      say(`broken: chain ${chain}, row ${seq}: ${why.replaceAll('_', ' ')}`);
    }
    const chains = report.heads.length;
    if (report.sound) say(`sound: ${report.rows} rows in ${chains} chains`);
  }
  if (!report.sound) return 1;
  if (file) writeFileSync(file, jsonText(report.heads));
  return 0;
}

function readHeads(file: string): Schemas['ChainHeadDto'][] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Schemas['ChainHeadDto'][];
  } catch {
    throw new Failure(`${file} does not hold the heads of an earlier run`, 2);
  }
}

const AUDIT: readonly Column<Schemas['AuditView']>[] = [
  ['at (UTC)', (a) => time(a.at)],
  ['actor', (a) => a.actor],
  ['action', (a) => a.action],
  ['target', (a) => short(a.target, 50)],
  ['merchant', (a) => a.merchantId],
];
