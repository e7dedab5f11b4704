import pg from 'pg';
import type { TestDatabase } from '#testing';

/**
 * Takes away the rights on other services' tables that the admin still has for the release before. All that it reads of them
 * it reads through their views, so nothing may fail without these rights.
 */
export async function closeTables({ ownerUrl }: TestDatabase): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r'
       AND relnamespace::regnamespace::text IN ('catalog', 'checkout', 'conversation', 'ingest', 'outbound')`,
  );
  await owner.query(`REVOKE ALL ON ${rows.map(({ name }) => name).join(', ')} FROM waco_admin`);
  await owner.end();
}
