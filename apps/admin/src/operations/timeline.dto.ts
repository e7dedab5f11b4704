import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { page } from '../http/page.dto.js';
import { afterOf, keyOf } from './keyset.js';
import type { ShowPageQuery } from './queries.dto.js';
import type { TimelineEntry } from './timeline.js';

export class TimelineEntryView {
  @ApiProperty({ type: String, format: 'date-time' }) at: string;
  @ApiProperty({
    type: String,
    description: 'Who says so: who sent a webhook, or one of the services.',
    example: 'checkout',
  })
  source: string;
  @ApiProperty({ type: String, example: 'record-payment' }) kind: string;
  @ApiProperty({ type: String }) title: string;
  @ApiProperty({ type: Object }) details: Record<string, unknown>;
  @ApiPropertyOptional({ type: String, description: 'The journal item.' }) itemId?: string;
  @ApiPropertyOptional({ type: String }) messageId?: string;
  @ApiPropertyOptional({ type: String }) orderRef?: string;
}

export class TimelinePage {
  @ApiProperty({ type: [TimelineEntryView], description: 'Oldest first.' }) items: TimelineEntryView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

/** A page of a timeline; entries of one moment are told apart by their place among them. */
export function timelinePage(
  entries: readonly TimelineEntry[],
  query: ShowPageQuery,
  show: <T>(value: T) => T,
): TimelinePage {
  const after = afterOf(query.cursor);
  let nth = 0;
  const placed = entries.map((entry, i) => {
    nth = entries[i - 1]?.at === entry.at ? nth + 1 : 0;
    return { entry, nth };
  });
  const rest = after
    ? placed.filter((p) => p.entry.at > after.at || (p.entry.at === after.at && p.nth > Number(after.key)))
    : placed;
  return page(
    rest.slice(0, query.limit + 1),
    query.limit,
    (p) => keyOf(p.entry.at, String(p.nth)),
    (p) => show(p.entry),
  );
}
