import type { Command } from 'commander';
import type { Schemas } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { readJsonFile } from './settings.js';
import { note, sayJson } from './terminal.js';

const SETTINGS = '/v1/merchants/{merchantId}/settings';
type Sections = Schemas['SettingsDto'];

/** What a merchant has chosen for itself: the settings of the API, by section. */
export function choiceCommands(program: Command): void {
  const settings = program.command('settings').description('what a merchant has chosen, in sections');

  settings
    .command('get')
    .argument('[section]', 'e.g. payments; left out: all of them')
    .description('as JSON; the ETag stands beside it')
    .action(async (section: string | undefined, _options: object, command: Command) => {
      const { client, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      const { body, etag } = await client.getTagged(SETTINGS, { path });
      note(`etag: ${etag}`);
      sayJson(section === undefined ? body : (body[section as keyof Sections] ?? null));
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
        const { client, merchantId } = contextOf(command);
        const body = sectionsOf(section, value, given);
        const path = { merchantId: await merchantId() };
        const etag = given.etag ?? (await client.getTagged(SETTINGS, { path })).etag;
        const changed = await client.change(given.all ? 'put' : 'patch', SETTINGS, { path, body, etag });
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

/** Sends them as they are given. The API knows the sections and their fields. @throws Failure */
function sectionsOf(section: string | undefined, value: string | undefined, { file, all }: Given): Sections {
  if (file !== undefined && section === undefined) return readJsonFile(file);
  if (file !== undefined || all || section === undefined || value === undefined) {
    throw new Failure('name a section and its JSON, or a file with --file', 2);
  }
  try {
    return { [section]: JSON.parse(value) as unknown } as Sections;
  } catch {
    throw new Failure(`the value of ${section} is no JSON`, 2);
  }
}
