import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { fromCursor, toCursor } from '../cursors.js';
import { MayBeAbsent } from './optional.js';

/** One page of a list. Follow `nextCursor` until it is null. */
export class PageQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @MayBeAbsent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  @ApiPropertyOptional({ type: String, description: 'The `nextCursor` of the page before. Opaque.' })
  @MayBeAbsent()
  @ValidateBy(
    { name: 'isCursor', validator: { validate: isCursor } },
    { message: 'cursor must be the nextCursor of the page before' },
  )
  cursor?: string;
}

/** In the one form that {@link toCursor} gives: of the texts that decode to the same, the others are no cursors. */
function isCursor(text: unknown): boolean {
  return typeof text === 'string' && /^.{1,200}$/.test(text) && toCursor(fromCursor(text)!) === text;
}

/** Cuts a list that was read one row too far; the cursor is made of the last row that is shown. */
export function page<T, V>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
  view: (row: T) => V,
): { items: V[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit ? toCursor(keyOf(shown.at(-1)!)) : null,
  };
}
