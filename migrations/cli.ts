import { LANES } from '#contracts';
import { MIGRATIONS, migrate } from './index.js';

/**
 * `npm run migrate`: DATABASE_URL (the owner's), ROLE_PASSWORDS (`role:password,…`), QUEUE_URL (a PostgreSQL one also
 * prepares the queue's schema).
 */
const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write('DATABASE_URL must be set to the connection of the database owner\n');
  process.exit(1);
}
const passwords = Object.fromEntries(
  (process.env.ROLE_PASSWORDS ?? '')
    .split(',')
    .filter(Boolean)
    .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
);
const onPostgres = !process.env.QUEUE_URL?.startsWith('redis');
const { ran, warnings } = await migrate({
  url,
  migrations: MIGRATIONS,
  passwords,
  queues: onPostgres ? LANES.map(({ name }) => name) : undefined,
});
for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
process.stdout.write(ran.length > 0 ? `migrated: ${ran.join(', ')}\n` : 'nothing to migrate\n');
