import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';
import { WEBHOOK_REFUSALS } from '#core/tenancy';
import { Needs } from './access.js';
import { WebhookSenders, type SenderRecord } from '../onboarding/webhook-senders.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { RefusalsView } from './readiness.dto.js';
import { TIME } from './stores.dto.js';

const REASONS = Object.keys(WEBHOOK_REFUSALS);

class RefusedWebhookView {
  @ApiProperty(TIME) at: string;
  @ApiProperty({ enum: REASONS }) reason: string;
  @ApiProperty({ type: String, example: '/webhooks/store/:merchant' }) route: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of the body, if its sender said so.' })
  bytes: number | null;
}

class RefusedSenderView {
  @ApiProperty({
    enum: ['channel', 'channel_app', 'payment', 'store'],
    description: '`channel_app`: an app that the merchant brought.',
  })
  port: string;
  @ApiProperty({ type: String, description: 'The vendor, as the webhooks list calls it.' }) source: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Its account. Null: the address named one that the merchant does not have.',
  })
  account: string | null;
  @ApiProperty({ ...TIME, nullable: true, description: 'When one was last accepted, to the minute.' })
  lastReceivedAt: string | null;
  @ApiProperty({ type: RefusalsView }) refused: RefusalsView;
  @ApiProperty({
    type: [RefusedWebhookView],
    description: 'The latest, 10 at most; nothing of what they said.',
  })
  latest: RefusedWebhookView[];

  static of({ port, kind, id, lastReceivedAt, refused, latest }: SenderRecord): RefusedSenderView {
    return {
      port,
      source: kind,
      account: id === '' ? null : id,
      lastReceivedAt: lastReceivedAt?.toISOString() ?? null,
      refused: RefusalsView.of(refused!),
      latest: latest.map(({ at, reason, route, bytes }) => ({ at: at.toISOString(), reason, route, bytes })),
    };
  }
}

class RefusedWebhookList {
  @ApiProperty({ type: [RefusedSenderView] }) items: RefusedSenderView[];
  @ApiProperty({ type: String, nullable: true, description: 'Always null: one for each connection at most.' })
  nextCursor: null;
}

@ApiResource('Webhooks')
@Controller('v1/merchants/:merchantId/refused-webhooks')
export class RefusedWebhooksController {
  constructor(private readonly senders: WebhookSenders) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'Webhooks that were not taken, for each connection that they name, the latest first',
    description:
      "Anybody may send to an address of a merchant: what is refused may be of somebody else. Webhooks of the platform's own " +
      'app that are refused belong to no merchant: they are in the metric `waco_webhooks_refused_total` only.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: RefusedWebhookList })
  async list(@Param('merchantId') merchantId: string): Promise<RefusedWebhookList> {
    const records = await this.senders.refused(merchantId);
    return { items: records.map((record) => RefusedSenderView.of(record)), nextCursor: null };
  }
}
