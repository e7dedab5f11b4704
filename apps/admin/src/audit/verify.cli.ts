import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import type { ChainHead } from '#core/tenancy';
import { note, say } from '../cli/terminal.js';
import { verifyAudit, type Ask } from './verify.js';

/**
 * `npm run audit:verify -- [heads.json]`: recomputes the audit log of DATABASE_URL (the admin service's connection, or
 * the owner's). With a file, the heads that it holds must still be there, and the present ones are written to it: keep
 * it where the database's owner cannot write. Exit codes: 0 sound, 1 broken, 2 could not be looked at.
 */
const url = process.env.DATABASE_URL;
const file = process.argv[2];
try {
  if (!url) throw new Error('DATABASE_URL must be set');
  process.exitCode = await verify(url);
} catch (error) {
  note(`could not verify: ${error instanceof Error ? error.message || String(error) : String(error)}`);
  process.exitCode = 2;
}

async function verify(connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const known = file && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ChainHead[]) : [];
  const ask: Ask = async (sql, values) => (await client.query(sql, values)).rows as never;
  const { rows, heads, breaks } = await verifyAudit(ask, known).finally(() => void client.end());
  for (const { chain, seq, why } of breaks) {
    say(`broken: chain ${chain}, row ${seq}: ${why.replaceAll('_', ' ')}`);
  }
  if (breaks.length > 0) return 1;
  say(`sound: ${rows} rows in ${heads.length} chains`);
  if (file) writeFileSync(file, `${JSON.stringify(heads, null, 2)}\n`);
  return 0;
}
