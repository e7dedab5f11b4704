import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { TRANSITIONS } from '#core/conversation';
import { SCHEME, schemeOf } from '#core/messaging';
import { MayBeAbsent } from '../http/optional.js';
import { ShowPageQuery } from './queries.dto.js';
import type { ThreadRow } from './threads.js';

const PHASES = Object.keys(TRANSITIONS);

export class ThreadQuery extends ShowPageQuery {
  @ApiPropertyOptional({ type: String, enum: PHASES })
  @MayBeAbsent()
  @IsIn(PHASES, { message: `phase must be one of ${PHASES.join(', ')}` })
  phase?: string;

  @ApiPropertyOptional({
    type: String,
    description:
      'A phone number, a user id or username, a thread id, an order reference, the shop’s order number, or how a name begins.',
    example: '+971 50 123 4573',
  })
  @MayBeAbsent()
  @Matches(/^[^\p{Cc}]{2,200}$/u, { message: 'q must have 2 to 200 characters' })
  q?: string;
}

export class AliasView {
  @ApiProperty({
    type: String,
    pattern: SCHEME.source,
    description: '`phone`, `user_id`, `parent_user_id`, `username`, or one that a channel adds.',
  })
  scheme: string;
  @ApiProperty({ type: String, deprecated: true, description: 'As `scheme`, a phone number as `wa_id`.' })
  kind: string;
  @ApiProperty({ type: String, example: '+9715•••••573' }) value: string;
}

export class CartLineView {
  @ApiProperty({ type: String }) sku: string;
  @ApiProperty({ type: 'integer' }) quantity: number;
}

export class ThreadOrderView {
  @ApiProperty({ type: String, example: 'W7K3M9QX' }) ref: string;
  @ApiPropertyOptional({ type: String, description: "The shop's number." }) number?: string;
  @ApiProperty({ type: String, example: 'shipped' }) status: string;
  @ApiProperty({ type: String, format: 'date-time' }) updatedAt: string;
}

export class ThreadView {
  @ApiProperty({ type: String, example: 'thr_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String }) channelAccountId: string;
  @ApiProperty({ type: String }) contactId: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The person, if this contact was proved to be one with another.',
    example: 'per_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8',
  })
  personId: string | null;
  @ApiProperty({ type: String, nullable: true }) name: string | null;
  @ApiProperty({ type: [AliasView], description: 'What this person is known by.' }) aliases: AliasView[];
  @ApiProperty({ type: String, enum: PHASES }) phase: string;
  @ApiProperty({ type: String, nullable: true, description: 'The order that is being paid.' })
  openOrderRef: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Since when an answer of the catalog is awaited.',
  })
  waitingSince: string | null;
  @ApiProperty({ type: [CartLineView] }) cart: CartLineView[];
  @ApiProperty({ type: [ThreadOrderView] }) orders: ThreadOrderView[];
  @ApiProperty({ type: [String], description: 'Ids of threads that were merged into this one.' })
  formerIds: string[];
  @ApiProperty({ type: String, format: 'date-time', description: 'Cart and question live until then.' })
  expiresAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) updatedAt: string;

  static of(row: ThreadRow, show: <T>(value: T) => T): ThreadView {
    const aliases = row.aliases.map(({ kind, value }) => {
      const scheme = schemeOf(kind);
      return { scheme, kind, value: scheme === 'phone' ? show({ phone: value }).phone : value };
    });
    return {
      id: row.threadId,
      channelAccountId: row.channelAccountId,
      contactId: row.contactId,
      personId: row.personId,
      name: row.name === null ? null : show(row.name),
      aliases,
      phase: row.phase,
      openOrderRef: row.openOrderRef,
      waitingSince: row.waitingSince,
      cart: row.cart.map(({ sku, quantity }) => ({ sku, quantity })),
      orders: row.orders.map(({ ref, number, status, updatedAt }) => ({ ref, number, status, updatedAt })),
      formerIds: row.formerIds,
      expiresAt: row.expiresAt.toISOString(),
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

export class ThreadPage {
  @ApiProperty({ type: [ThreadView] }) items: ThreadView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
