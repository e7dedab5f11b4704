import type { Command } from 'commander';
import type { Json } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { readJsonFile } from './settings.js';
import { note, sayJson } from './terminal.js';

/** What a merchant has chosen for itself: the settings of the API, by section. */
export function choiceCommands(program: Command): void {
  const settings = program.command('settings').description('what a merchant has chosen, in sections');

  settings
    .command('get')
    .argument('[section]', 'e.g. payments; left out: all of them')
    .description('as JSON; the ETag stands beside it')
    .action(async (section: string | undefined, _options: object, command: Command) => {
      const { client, merchantPath } = contextOf(command);
      const { body, etag } = await client.getTagged(`${await merchantPath()}/settings`);
      note(`etag: ${etag}`);
      sayJson(section === undefined ? body : (body[section] ?? null));
    });

  settings
    .command('set')
    .argument('[section]', 'one section, as JSON in the next argument')
    .argument('[value]', 'e.g. \'{"routes": [{"country": "SA", "provider": "<account>"}]}\'')
    .description('replace a section, or those that a file names')
    .option('--file <path>', 'JSON with sections; - is the standard input')
    .option('--all', 'with --file: what the file does not name is no longer chosen', false)
    .option('--etag <etag>', 'only if they are as they were when this was read')
    .action(
      async (section: string | undefined, value: string | undefined, given: Given, command: Command) => {
        const { client, merchantPath } = contextOf(command);
        const sections = sectionsOf(section, value, given);
        const path = `${await merchantPath()}/settings`;
        const etag = given.etag ?? (await client.getTagged(path)).etag;
        const changed = await client.change(given.all ? 'PUT' : 'PATCH', path, sections, etag);
        note(`etag: ${changed.etag}`);
        sayJson(changed.body);
      },
    );
}

interface Given {
  file?: string;
  all: boolean;
  etag?: string;
}

function sectionsOf(section: string | undefined, value: string | undefined, { file, all }: Given): Json {
  if (file !== undefined && section === undefined) return readJsonFile(file);
  if (file !== undefined || all || section === undefined || value === undefined) {
    throw new Failure('name a section and its JSON, or a file with --file', 2);
  }
  try {
    return { [section]: JSON.parse(value) as unknown };
  } catch {
    throw new Failure(`the value of ${section} is no JSON`, 2);
  }
}
