import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { phoneOf, readPerson, userIdOf } from '#core/messaging';
import { DELIVERY_STATES } from '#core/outbound';
import { MayBeAbsent } from '../http/optional.js';
import type { Explanation } from './explain.js';
import type { MessageRow } from './messages.js';
import { RangePageQuery } from './queries.dto.js';

const STATUSES = ['queued', 'waiting', 'sending', 'indeterminate', ...DELIVERY_STATES, 'dropped'];
const ID = /^[\x21-\x7e]{1,200}$/;

export class DeliveryQuery extends RangePageQuery {
  @ApiPropertyOptional({ type: String, enum: STATUSES })
  @MayBeAbsent()
  @IsIn(STATUSES, { message: `status must be one of ${STATUSES.join(', ')}` })
  status?: string;

  @ApiPropertyOptional({ type: String, description: "The channel's own id." })
  @MayBeAbsent()
  @Matches(ID, { message: 'channelMessageId must be 1 to 200 printable characters' })
  channelMessageId?: string;

  @ApiPropertyOptional({ type: String, example: 'W7K3M9QX' })
  @MayBeAbsent()
  @Matches(ID, { message: 'orderRef must be 1 to 200 printable characters' })
  orderRef?: string;

  @ApiPropertyOptional({ type: String })
  @MayBeAbsent()
  @Matches(ID, { message: 'threadId must be 1 to 200 printable characters' })
  threadId?: string;
}

export class MessageQuery extends DeliveryQuery {
  @ApiPropertyOptional({ type: String, example: 'msg_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @MayBeAbsent()
  @Matches(ID, { message: 'id must be 1 to 200 printable characters' })
  id?: string;
}

const TIME = { type: String, format: 'date-time', nullable: true } as const;

export class MessageErrorView {
  @ApiProperty({ type: 'integer', nullable: true, description: "The channel's code." }) code: number | null;
  @ApiProperty({ type: String, example: 'window' }) class: string;
  @ApiProperty({ type: String }) details: string;
  @ApiProperty({ type: String, format: 'date-time' }) at: string;
}

export class StatusTimes {
  @ApiProperty(TIME) acceptedAt: string | null;
  @ApiProperty(TIME) heldAt: string | null;
  @ApiProperty(TIME) sentAt: string | null;
  @ApiProperty(TIME) deliveredAt: string | null;
  @ApiProperty(TIME) readAt: string | null;
  @ApiProperty(TIME) playedAt: string | null;
  @ApiProperty(TIME) failedAt: string | null;
  @ApiProperty(TIME) droppedAt: string | null;
}

export class DeliveryView extends StatusTimes {
  @ApiProperty({ type: String, example: 'msg_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) messageId: string;
  @ApiProperty({ type: String, nullable: true }) channelMessageId: string | null;
  @ApiProperty({ type: String }) threadId: string;
  @ApiProperty({ type: String, nullable: true }) orderRef: string | null;
  @ApiProperty({ type: String, description: 'Masked.', example: '+9715•••••573', nullable: true })
  to: string | null;
  @ApiProperty({ type: String, enum: STATUSES }) status: string;
  @ApiProperty({ type: 'integer', description: 'Calls to the channel.' }) sends: number;
  @ApiProperty({ type: Boolean, description: 'A lost answer made it go out twice, perhaps.' })
  possibleDuplicate: boolean;
  @ApiProperty({ type: MessageErrorView, nullable: true }) error: MessageErrorView | null;
  @ApiProperty({ type: Object, nullable: true, description: "The channel's word on its price." })
  pricing: object | null;
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;

  static of(row: MessageRow, show: <T>(value: T) => T): DeliveryView {
    return {
      messageId: row.messageId,
      channelMessageId: row.channelMessageId,
      threadId: row.threadId,
      orderRef: row.orderRef,
      to: recipientOf(row.person, show),
      status: row.state,
      sends: row.sends,
      possibleDuplicate: row.possibleDuplicate,
      error: row.error && {
        code: row.error.code,
        class: row.error.class,
        details: show(row.error.details),
        at: row.error.at,
      },
      pricing: row.pricing,
      createdAt: row.createdAt.toISOString(),
      ...timesOf(row),
    };
  }
}

export class MessageView extends DeliveryView {
  @ApiProperty({ type: Object, description: 'What is said, without the link to a payment page.' })
  content: object;
  @ApiProperty({ type: Object, nullable: true, description: 'Sent instead when the window is closed.' })
  template: object | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What was decided last.',
    example: 'send_template',
  })
  decision: string | null;
  @ApiProperty(TIME) deadline: string | null;
  @ApiProperty(TIME) plannedAt: string | null;

  static override of(row: MessageRow, show: <T>(value: T) => T): MessageView {
    return {
      ...DeliveryView.of(row, show),
      content: show(row.content),
      template: show(row.template),
      decision: row.verdict?.decision ?? null,
      deadline: row.deadline?.toISOString() ?? null,
      plannedAt: row.plannedAt?.toISOString() ?? null,
    };
  }
}

function timesOf(row: MessageRow): StatusTimes {
  return {
    acceptedAt: row.acceptedAt?.toISOString() ?? null,
    heldAt: row.heldAt?.toISOString() ?? null,
    sentAt: row.sentAt?.toISOString() ?? null,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
    readAt: row.readAt?.toISOString() ?? null,
    playedAt: row.playedAt?.toISOString() ?? null,
    failedAt: row.failedAt?.toISOString() ?? null,
    droppedAt: row.droppedAt?.toISOString() ?? null,
  };
}

export class MessagePage {
  @ApiProperty({ type: [MessageView] }) items: MessageView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class DeliveryPage {
  @ApiProperty({ type: [DeliveryView] }) items: DeliveryView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class AttemptView {
  @ApiProperty({ type: 'integer', description: 'Each plan is sent at most once.' }) plan: number;
  @ApiProperty({ type: String, format: 'date-time' }) at: string;
  @ApiProperty({ type: String, example: 'done' }) outcome: string;
  @ApiProperty({ type: String }) words: string;
}

export class StatusView {
  @ApiProperty({ type: String, example: 'delivered' }) status: string;
  @ApiProperty({ type: String, format: 'date-time' }) at: string;
  @ApiProperty({ type: String }) words: string;
}

export class ExplanationView {
  @ApiProperty({ type: String }) messageId: string;
  @ApiProperty({ type: String, enum: STATUSES }) status: string;
  @ApiProperty({ type: String, description: 'How it stands, in a sentence.' }) summary: string;
  @ApiProperty({ type: [String], description: 'What was looked at when it was last planned.' })
  lookedAt: string[];
  @ApiProperty({ type: String, description: 'What was decided then, and why.' }) decision: string;
  @ApiProperty(TIME) decidedAt: string | null;
  @ApiProperty({ type: [AttemptView] }) attempts: AttemptView[];
  @ApiProperty({ type: [StatusView] }) statuses: StatusView[];
  @ApiProperty({ type: Object, nullable: true, description: 'The verdict as it is stored.' })
  verdict: object | null;

  static of(row: MessageRow, explanation: Explanation, show: <T>(value: T) => T): ExplanationView {
    return {
      messageId: row.messageId,
      status: row.state,
      ...show(explanation),
      verdict: row.verdict,
    };
  }
}

function recipientOf(written: object, show: <T>(value: T) => T): string | null {
  const person = readPerson(written);
  const phone = phoneOf(person);
  return phone ? show({ phone }).phone : (userIdOf(person) ?? null);
}
