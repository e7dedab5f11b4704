import type { Command } from 'commander';

export interface Paging {
  limit: number;
  cursor?: string;
  all: boolean;
}

/** The flags of every list. */
export function paged(command: Command): Command {
  return command
    .option('--limit <n>', 'rows on a page', Number, 50)
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--all', 'every page', false);
}
