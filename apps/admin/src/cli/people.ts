import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client, Schemas } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { sayRecord } from './print.js';
import { jsonText, note, sayJson } from './terminal.js';

const POLL_MS = 1_000;
const ERASURE = '/v1/merchants/{merchantId}/people/erasures/{erasureId}';

type Name = Schemas['PersonQuery'];
type Erasure = Schemas['ErasureView'];

export function peopleCommands(program: Command): void {
  const people = program.command('people').description('what is held on a person, and forgetting it');

  named(people.command('export').description('everything that is held on a person, as one JSON document'))
    .option('-o, --out <file>', 'where to write it (else the standard output)')
    .action(async ({ out, ...name }: Name & { out?: string }, command: Command) => {
      const { client, merchantId } = contextOf(command);
      const given = { path: { merchantId: await merchantId() }, body: nameOf(name) };
      const document = await client.post('/v1/merchants/{merchantId}/people/export', given);
      if (!document.found) nobody();
      if (out === undefined) return sayJson(document);
      await writeFile(out, jsonText(document), { mode: 0o600 });
      note(`written to ${out}`);
    });

  named(people.command('erase').description('forget a person; this cannot be undone'))
    .option('--no-wait', 'do not wait until it is done')
    .action(async ({ wait, ...name }: Name & { wait: boolean }, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      const asked = await client.post('/v1/merchants/{merchantId}/people/erasures', {
        path,
        body: nameOf(name),
      });
      const erasure = wait ? await ended(client, { ...path, erasureId: asked.erasureId }) : asked;
      sayErasure(erasure, json);
    });

  people
    .command('erasure')
    .argument('<id>', 'as `people erase` gave it')
    .description('how far the forgetting of a person is')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId(), erasureId: id };
      sayErasure(await client.get(ERASURE, { path }), json);
    });
}

function sayErasure(erasure: Erasure, json: boolean): void {
  sayRecord(erasure, json);
  if (erasure.state === 'failed') process.exitCode = 1;
  if (erasure.state === 'nothing_found') nobody();
}

/** Whoever asked by a wrong name must not take it for done. */
function nobody(): void {
  note('nothing is held by this name: it may be another name, or another merchant');
  process.exitCode = 1;
}

function named(command: Command): Command {
  return command
    .option('--phone <number>', 'in any usual notation')
    .option('--user-id <id>', "the channel's own id")
    .option('--username <name>')
    .option('--contact-id <id>', 'e.g. con_019a…');
}

function nameOf({ phone, userId, username, contactId }: Name): Name {
  const name = { phone, userId, username, contactId };
  if (Object.values(name).filter((value) => value !== undefined).length === 1) return name;
  throw new Failure('who? Give one of --phone, --user-id, --username and --contact-id', 2);
}

/** Follows it until it is done or has failed. */
async function ended(client: Client, path: { merchantId: string; erasureId: string }): Promise<Erasure> {
  for (let told = ''; ; await sleep(POLL_MS)) {
    const erasure = await client.get(ERASURE, { path });
    if (erasure.state !== 'running') return erasure;
    const waiting = Object.entries(erasure.parts).find(([, state]) => state === 'waiting')?.[0];
    if (waiting !== undefined && waiting !== told) note(`${(told = waiting)} …`);
  }
}
