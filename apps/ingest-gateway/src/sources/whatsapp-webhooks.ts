import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { answerHandshake, NotAWebhook, splitWebhook, verifyMetaSignature } from '#adapters/whatsapp-cloud';
import type { InboundItem } from '#adapters/whatsapp-cloud';
import { changeIdentity, receiveMessage, recordStatus, recordTemplateStatus } from '#contracts';
import { heldTo, isOfAccount, type Routed } from '#core/tenancy';
import { WebhookSecrets, type MetaApp } from '#persistence';
import { CLOCK, ENV, type Clock } from '#platform';
import { appSecrets, IngestGatewayEnv } from '../env.js';
import type { GivenUp } from '../group-commit.js';
import { isMerchantId, malformed, ok, unsigned, type Answer } from '../http/answer.js';
import { Intake } from '../intake.js';
import { kept, work, type Arrival } from '../items.js';
import { MerchantRoutes } from '../merchant-routes.js';

/**
 * Meta's webhooks: one address for all merchants of the platform's app, and one for each app that a merchant brought.
 * What comes from a merchant's app is signed by that merchant, and counts for no other.
 */
@Injectable()
export class WhatsAppWebhooks {
  private readonly platformApp: App;

  constructor(
    private readonly intake: Intake,
    private readonly routes: MerchantRoutes,
    private readonly webhookSecrets: WebhookSecrets,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) env: IngestGatewayEnv,
  ) {
    this.platformApp = { appSecrets: appSecrets(env), verifyToken: env.WHATSAPP_VERIFY_TOKEN };
  }

  /** The challenge to send back, or undefined. `appId`: of a merchant's own app. */
  async handshake(query: unknown, appId?: string): Promise<string | undefined> {
    const { verifyToken } = appId === undefined ? this.platformApp : await this.appOf(appId);
    return answerHandshake(query, verifyToken);
  }

  async receive(
    rawBody: Buffer,
    signature: string | undefined,
    signal: GivenUp,
    appId?: string,
  ): Promise<Answer> {
    const app = appId === undefined ? this.platformApp : await this.appOf(appId);
    if (!verifyMetaSignature(rawBody, signature, app.appSecrets)) return unsigned;
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
      items.map(async (item) =>
        arrivalOf(item, heldTo(app.merchantId, await this.route(item)), now, app.merchantId),
      ),
    );
    await this.intake.take('whatsapp', arrivals, signal);
    return ok;
  }

  private async appOf(id: string): Promise<App> {
    const app = isMerchantId(id) ? await this.webhookSecrets.ofMetaApp(id) : undefined;
    // For an app that does not exist the check is made as well, against secrets that nobody has.
    const nobodys = (): string => randomBytes(16).toString('hex');
    return app ?? { appSecrets: [nobodys()], verifyToken: nobodys() };
  }

  private route(item: InboundItem): Promise<Routed> {
    const { kind, phoneNumberId, businessAccountId } = item;
    return isOfAccount(kind, phoneNumberId)
      ? this.routes.byBusinessAccount(businessAccountId)
      : this.routes.byPhoneNumber(phoneNumberId, businessAccountId);
  }
}

/** The platform's app, which belongs to no merchant, or one that a merchant brought. */
type App = Omit<MetaApp, 'merchantId'> & Partial<Pick<MetaApp, 'merchantId'>>;

/** `signedBy`: the merchant whose own app signed it; kept with what is quarantined, so that a replay knows too. */
export function arrivalOf(item: InboundItem, routed: Routed, now: Date, signedBy?: string): Arrival {
  const { externalId, occurredAt, phoneNumberId, businessAccountId, field, kind, payload } = item;
  const said = { source: 'whatsapp' as const, externalId, occurredAt };
  if (routed.outcome === 'quarantined') {
    const evidence = { field, phoneNumberId, businessAccountId, kind, payload, signedBy };
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
