import type { Command } from 'commander';
import type { Schemas } from './client.js';
import { contextOf } from './context.js';
import { sayPage, type Column } from './print.js';

const COLUMNS: readonly Column<Schemas['VendorView']>[] = [
  ['for', (v) => v.port],
  ['kind', (v) => v.kind],
  ['name', (v) => v.displayName],
  ['needs', (v) => v.fields.map(nameOf).join(', ')],
  ['can', (v) => v.capabilities.join(', ')],
];

export function vendorCommands(program: Command): void {
  program
    .command('vendors')
    .description('what merchants can be connected to')
    .command('list')
    .description('channels, shops and payment providers, and what each needs; * is a secret')
    .action(async (_options: object, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(await client.list('/v1/vendors', {}, true), COLUMNS, json);
    });
}

function nameOf({ name, secret, optional }: Schemas['VendorFieldView']): string {
  const marked = `${name}${secret ? '*' : ''}`;
  return optional ? `[${marked}]` : marked;
}
