import type { Command } from 'commander';
import type { Schemas } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, sayRecord, type Column } from './print.js';
import { readJsonFile } from './settings.js';

const TEMPLATE_COLUMNS: readonly Column<Schemas['TemplateView']>[] = [
  ['purpose', (t) => t.purpose],
  ['name', (t) => t.name],
  ['language', (t) => t.language],
  ['category', (t) => t.category],
  ['parameters', (t) => t.parameters.join(', ')],
];

export function templateCommands(program: Command): void {
  const template = program.command('template').description('message templates');

  paged(template.command('list').description("the merchant's templates")).action(
    async ({ limit, cursor, all }: Paging, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      const page = await client.list(
        '/v1/merchants/{merchantId}/templates',
        { path, query: { limit, cursor } },
        all,
      );
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
    .action(async (purpose: Purpose, given: Given, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const { file, name, language, category, body, parameters } = given;
      // The API says what is missing or wrong, in a file as in flags.
      const template = {
        ...(file ? readJsonFile(file) : {}),
        ...(name && { name }),
        ...(language && { language }),
        ...(category && { category }),
        ...(body && { body }),
        ...(parameters && { parameters: parameters.split(',').map((p) => p.trim()) }),
      } as Schemas['PutTemplate'];
      const path = { merchantId: await merchantId(), purpose };
      const put = await client.put('/v1/merchants/{merchantId}/templates/{purpose}', {
        path,
        body: template,
      });
      sayRecord(put, json);
    });
}

type Purpose = Schemas['PutTemplateView']['purpose'];

interface Given extends Partial<Omit<Schemas['PutTemplate'], 'parameters'>> {
  file?: string;
  parameters?: string;
}
