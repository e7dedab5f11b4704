import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'apps/admin/src';
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /(?<![.]spec)[.]ts$/.test(name),
);

/** A table of another service, in a statement or as the whole of a text. What `ingest.ignored` names is an item of the journal. */
const TABLE =
  /(?:\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY)\s+|['"`])((?:catalog|checkout|conversation|ingest|outbound)\.(?!ignored\b)[a-z_]+)(?=[\s'"`,)])/g;
/** A statement on the journal itself, or its name as the whole of a text. */
const JOURNAL = /`[^`]*\bjournal\.items\b[^`]*`|['"]journal\.items['"]/g;

/** What a source reads that no service shows, in words. */
function breaches(source: string): string[] {
  const tables = [...source.matchAll(TABLE)].map(([, table]) => table!);
  const items = [...source.matchAll(JOURNAL)].map(([statement]) => statement);
  return [
    ...tables.filter((table) => !table.endsWith('_seen')),
    // Redriving, replaying and erasing change the journal itself, or lock the rows that they will change.
    ...items.filter((statement) => !/\bUPDATE\b/.test(statement)),
  ];
}

it.each(files)('%s reads of other services what they show', (name) => {
  expect(breaches(readFileSync(join(FOLDER, name), 'utf8'))).toEqual([]);
});

it.each([
  ['a table', '`SELECT 1 FROM checkout.orders`'],
  [
    'a joined table',
    '`SELECT 1 FROM conversation.threads_seen t\n JOIN conversation.contacts c USING (contact_id)`',
  ],
  ['a table by its name', "const table = 'outbound.recipients';"],
  ["the gateway's table", '`SELECT 1 FROM ingest.webhook_senders`'],
  ['the journal by its name', "const table = 'journal.items';"],
  ['the journal, only to read it', '`SELECT id\n FROM journal.items WHERE id = $1`'],
])('%s is found', (_what, source) => {
  expect(breaches(source)).toHaveLength(1);
});

it.each([
  ['a view', '`SELECT 1 FROM checkout.orders_seen`'],
  ['the name of a job', "const job = 'outbound.send-message.v1';"],
  ['a change of the journal', '`UPDATE journal.items SET outcome = $1`'],
  ['a lock for one', '`SELECT id FROM journal.items WHERE id = $1 FOR UPDATE`'],
])('%s is none', (_what, source) => {
  expect(breaches(source)).toEqual([]);
});
