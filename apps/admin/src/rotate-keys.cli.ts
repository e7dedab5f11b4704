import { DataSource } from 'typeorm';
import { rotateSecrets } from '#persistence';
import { openKeyRing, openSecretBox } from '#platform';

/**
 * `npm run rotate-keys`: puts all sealed secrets under the current master key while services run, and makes the secrets of
 * connections that the release before stored one document each. Reads
 * DATABASE_URL (the role waco_admin's) and the keys as services do. Exit code 0: every secret is under it and the
 * older keys may go. 1: not run, or stopped; start it again. 2: some secrets do not open.
 */
async function main(): Promise<number> {
  const { DATABASE_URL: url } = process.env;
  if (!url) throw new Error('DATABASE_URL must be set to the connection of the role waco_admin');
  const box = openSecretBox(openKeyRing(process.env), process.env);
  const database = await new DataSource({
    type: 'postgres',
    url,
    poolSize: 2,
    applicationName: 'waco-rotate-keys',
  }).initialize();
  try {
    const { keyId, rotated, unreadable } = await rotateSecrets(database, box, {
      onProgress: (progress) =>
        process.stdout.write(`${progress.rotated} secrets put under ${progress.keyId}\n`),
    });
    for (const binding of unreadable) process.stderr.write(`does not open: ${binding}\n`);
    if (unreadable.length > 0) return 2;
    process.stdout.write(
      `every secret is under ${keyId} (${rotated} of them now): older keys may be removed\n`,
    );
    return 0;
  } finally {
    await database.destroy();
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`the rotation stopped: ${reason}. Start it again, it goes on where it was.\n`);
    process.exitCode = 1;
  },
);
