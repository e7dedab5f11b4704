import Table from 'cli-table3';
import type { Page, Schemas } from './client.js';
import { note, say, sayJson, shown } from './terminal.js';

/** A column: its title and what stands in it. */
export type Column<Row> = readonly [title: string, value: (row: Row) => unknown];

/** A list as a table, or as JSON; says when there is more. */
export function sayPage<Row>(page: Page<Row>, columns: readonly Column<Row>[], json: boolean): void {
  if (json) return sayJson(page);
  if (page.items.length === 0) return note('nothing');
  say(
    ...tableOf(
      columns.map(([title]) => title),
      page.items.map((row) => columns.map(([, value]) => cell(value(row)))),
    ),
  );
  if (page.nextCursor !== null) note(`more: --cursor ${page.nextCursor}, or --all`);
}

/** One thing, a line for each field. */
export function sayRecord(value: object, json: boolean): void {
  if (json) return sayJson(value);
  const width = Math.max(...Object.keys(value).map((name) => name.length));
  for (const [name, inner] of Object.entries(value)) say(`${name.padEnd(width)}  ${cell(inner)}`);
}

/** The lines of a table. */
function tableOf(head: readonly string[], rows: readonly string[][]): string[] {
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Columns without lines: readable, and easy to cut. */
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return shown(text.replaceAll(/[\t\n\r]+/g, ' '));
}

/** `2026-11-21 10:04:18`, UTC. */
export function time(iso: unknown): string {
  return typeof iso === 'string' ? iso.slice(0, 19).replace('T', ' ') : '-';
}

/** `104.00 AED`; the API's amounts are in minor units. */
export function money(amount: Schemas['OrderMoney'] | null | undefined): string {
  if (!amount) return '-';
  const { minor, currency } = amount;
  const style = /^[A-Z]{3}$/.test(currency) ? ({ style: 'currency', currency } as const) : {};
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', style).resolvedOptions();
  return `${(minor / 10 ** digits).toFixed(digits)} ${currency}`;
}

export function short(value: unknown, length = 60): string {
  const text = cell(value);
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
