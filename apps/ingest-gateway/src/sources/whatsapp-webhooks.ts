import { Inject, Injectable } from '@nestjs/common';
import { answerHandshake, NotAWebhook, splitWebhook, verifyMetaSignature } from '#adapters/whatsapp-cloud';
import type { InboundItem } from '#adapters/whatsapp-cloud';
import { changeIdentity, receiveMessage, recordStatus, recordTemplateStatus } from '#contracts';
import { CLOCK, ENV, type Clock } from '#platform';
import { appSecrets, IngestGatewayEnv } from '../env.js';
import type { GivenUp } from '../group-commit.js';
import { malformed, ok, unsigned, type Answer } from '../http/answer.js';
import { Intake } from '../intake.js';
import { kept, work, type Arrival } from '../items.js';
import { MerchantRoutes, type Routed } from '../merchant-routes.js';

/** Meta's webhooks: one address for all merchants of an app. */
@Injectable()
export class WhatsAppWebhooks {
  private readonly secrets: readonly string[];

  constructor(
    private readonly intake: Intake,
    private readonly routes: MerchantRoutes,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: IngestGatewayEnv,
  ) {
    this.secrets = appSecrets(env);
  }

  /** The challenge to send back, or undefined. */
  handshake(query: unknown): string | undefined {
    return answerHandshake(query, this.env.WHATSAPP_VERIFY_TOKEN);
  }

  async receive(rawBody: Buffer, signature: string | undefined, signal: GivenUp): Promise<Answer> {
    if (!verifyMetaSignature(rawBody, signature, this.secrets)) return unsigned;
    const now = this.clock.now();
    let items: InboundItem[];
    try {
      items = splitWebhook(JSON.parse(rawBody.toString('utf8')), now);
    } catch (error) {
      if (error instanceof SyntaxError) return malformed('the body must be JSON');
      if (error instanceof NotAWebhook) return malformed(error.message);
      throw error;
    }
    const arrivals = await Promise.all(
      items.map(async (item) => arrivalOf(item, await this.route(item), now)),
    );
    await this.intake.take('whatsapp', arrivals, signal);
    return ok;
  }

  private route(item: InboundItem): Promise<Routed> {
    const { kind, phoneNumberId, businessAccountId } = item;
    const ofAccount = kind === 'template' || kind === 'ignored';
    return ofAccount && phoneNumberId === undefined
      ? this.routes.byBusinessAccount(businessAccountId)
      : this.routes.byPhoneNumber(phoneNumberId, businessAccountId);
  }
}

export function arrivalOf(item: InboundItem, routed: Routed, now: Date): Arrival {
  const { externalId, occurredAt, phoneNumberId, businessAccountId, field, kind, payload } = item;
  const said = { source: 'whatsapp' as const, externalId, occurredAt };
  if (routed.outcome === 'quarantined') {
    const evidence = { field, phoneNumberId, businessAccountId, kind, payload };
    return kept('quarantined', routed.reason, { ...said, merchantId: null, payload: evidence });
  }
  const { merchantId } = routed;
  // Items with a job are led by their phone number, which names the account; only templates may be led without.
  const channelAccountId = routed.channelAccountId ?? '';
  switch (item.kind) {
    case 'message':
      return work(receiveMessage, { ...item.payload, channelAccountId }, merchantId, now, said);
    case 'identity':
      return work(changeIdentity, { ...item.payload, channelAccountId }, merchantId, now, said);
    case 'status':
      return work(recordStatus, { ...item.payload, channelAccountId }, merchantId, now, said);
    case 'template':
      return work(recordTemplateStatus, item.payload, merchantId, now, said);
    case 'ignored':
      return kept('ignored', item.reason, { ...said, merchantId, payload: item.payload });
  }
}
