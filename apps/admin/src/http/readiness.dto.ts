import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { WEBHOOK_REFUSALS, type Connection, type Refusals } from '#core/tenancy';
import type { CheckedConnection } from '../onboarding/readiness.js';
import { TIME, WEBHOOK_URL } from './stores.dto.js';

export const PORTS = ['channel', 'store', 'payment'];
const CALLS = {
  ok: 'ok',
  failing: 'failed',
  disabled: 'not_tried',
  missing: 'not_tried',
} as const satisfies Record<Connection['state'], string>;

class ReadinessStepView {
  @ApiProperty({ type: String, example: 'payment_provider' }) step: string;
  @ApiProperty({ type: Boolean }) ok: boolean;
  @ApiPropertyOptional({ type: String, description: 'What is missing.' }) missing?: string;
  @ApiPropertyOptional({ type: String, description: 'The call or action that mends it.' }) fix?: string;
  @ApiPropertyOptional({
    type: String,
    description: 'Of a step that is ok: what has not been seen to work yet, or is in doubt.',
  })
  note?: string;
}

class CallsView {
  @ApiProperty({
    enum: ['ok', 'failed', 'not_tried'],
    description: 'Whether it answered just now; not tried: it is switched off.',
  })
  state: 'ok' | 'failed' | 'not_tried';
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed.' }) why: string | null;
}

export class RefusalsView {
  @ApiProperty({ type: 'integer', description: 'Refused with less than a day between them.' }) count: number;
  @ApiProperty(TIME) since: string;
  @ApiProperty(TIME) lastAt: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: `How many for each reason: ${Object.keys(WEBHOOK_REFUSALS).join(', ')}.`,
    example: { wrong_signature: 3 },
  })
  reasons: Record<string, number>;

  static of({ count, since, lastAt, reasons }: Refusals): RefusalsView {
    return { count, since: since.toISOString(), lastAt: lastAt.toISOString(), reasons };
  }
}

class WebhooksOfConnectionView {
  @ApiProperty(WEBHOOK_URL) address: string;
  @ApiProperty({
    enum: ['yes', 'no', 'unknown'],
    description:
      'Whether the vendor brings them here, by its own word. Unknown: it cannot be asked, or does not say.',
  })
  subscribed: 'yes' | 'no' | 'unknown';
  @ApiProperty({ type: String, nullable: true, description: 'Why it is not `yes`.' }) why: string | null;
  @ApiProperty({ ...TIME, nullable: true, description: 'When one was last accepted, to the minute.' })
  lastReceivedAt: string | null;
  @ApiProperty({ type: RefusalsView, nullable: true }) refused: RefusalsView | null;
}

/** A connection, in both directions. */
export class ConnectionView {
  @ApiProperty({
    type: String,
    example: 'store',
    description: "`store`, the key of a payment account, or a channel account's id.",
  })
  name: string;
  @ApiProperty({ enum: PORTS }) port: string;
  @ApiProperty({ type: String, description: 'Kind of its vendor.' }) kind: string;
  @ApiProperty({ type: CallsView }) calls: CallsView;
  @ApiProperty({ type: WebhooksOfConnectionView }) webhooks: WebhooksOfConnectionView;

  static of(connection: CheckedConnection): ConnectionView {
    const { name, port, kind, calls, address, subscribed, lastReceivedAt, refused } = connection;
    return {
      name,
      port,
      kind,
      calls: { state: CALLS[calls.state], why: calls.state === 'failing' ? calls.why : null },
      webhooks: {
        address,
        subscribed: subscribed.state,
        why: subscribed.state === 'yes' ? null : subscribed.why,
        lastReceivedAt: lastReceivedAt?.toISOString() ?? null,
        refused: refused && RefusalsView.of(refused),
      },
    };
  }
}

export class ReadinessView {
  @ApiProperty({ type: Boolean, description: 'True: a first customer could buy now.' }) ready: boolean;
  @ApiProperty({ type: [ReadinessStepView] }) steps: ReadinessStepView[];
  @ApiProperty({ type: [ConnectionView] }) connections: ConnectionView[];
}
