import type { Command } from 'commander';
import type { Json } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, sayRecord, type Column } from './print.js';
import { readJsonFile } from './settings.js';

const TEMPLATE_COLUMNS: readonly Column[] = [
  ['purpose', (t) => t.purpose],
  ['name', (t) => t.name],
  ['language', (t) => t.language],
  ['category', (t) => t.category],
  ['parameters', (t) => (t.parameters as string[]).join(', ')],
];

export function templateCommands(program: Command): void {
  const template = program.command('template').description('message templates');

  paged(template.command('list').description("the merchant's templates")).action(
    async (options: Paging, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const query = { limit: options.limit, cursor: options.cursor };
      const page = await client.list(`${await merchantPath()}/templates`, query, options.all);
      sayPage(page, TEMPLATE_COLUMNS, json);
    },
  );

  template
    .command('put')
    .argument('<purpose>', 'e.g. order_shipped')
    .description('the template for a purpose; handed in at the channel when it is not there')
    .option('--file <path>', 'JSON with name, language, category, body, parameters; - is the standard input')
    .option('--name <name>', "the template's name at the channel")
    .option('--language <code>')
    .option('--category <category>', 'utility, marketing or authentication')
    .option('--body <text>', 'with {{1}}, {{2}}, …')
    .option('--parameters <names>', 'what fills them, in order, separated by commas')
    .action(async (purpose: string, given: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const { file, parameters, ...flags } = given;
      const body = {
        ...(file ? readJsonFile(file as string) : {}),
        ...Object.fromEntries(
          ['name', 'language', 'category', 'body'].flatMap((f) =>
            flags[f] ? [[f, flags[f] as string]] : [],
          ),
        ),
        ...(parameters ? { parameters: (parameters as string).split(',').map((p) => p.trim()) } : {}),
      };
      sayRecord(await client.put(`${await merchantPath()}/templates/${purpose}`, body), json);
    });
}
