import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { answerHandshake, NotAWebhook, readWebhook, verifyMetaSignature } from '#adapters/whatsapp-cloud';
import type { InboundItem } from '#adapters/whatsapp-cloud';
import { changeIdentity, receiveMessage, recordStatus, recordTemplateStatus } from '#contracts';
import { excerpt } from '#core/messaging';
import { heldTo, isOfAccount, type Routed } from '#core/tenancy';
import { WebhookSecrets, type GivenUp, type MetaApp } from '#persistence';
import { Breath, CLOCK, ENV, JsonOutOfBounds, parseBoundedJson, type Clock } from '#platform';
import { Budgets } from '../budgets.js';
import { appSecrets, IngestGatewayEnv } from '../env.js';
import { isMerchantId, malformed, ok, unsigned, type Answer } from '../http/answer.js';
import type { Taker } from '../http/reception.js';
import { Intake } from '../intake.js';
import { kept, work, wrongTime, type Arrival } from '../items.js';
import { MerchantRoutes } from '../merchant-routes.js';

/** A body of Meta's with 1,000 updates holds some 30,000 values. */
const PLATFORM_BODY = { values: 100_000, depth: 64 };
const OWN_BODY = { values: 10_000, depth: 64 };

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
    private readonly budgets: Budgets,
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

  /** `appId`: of a merchant's own app, as its address says; undefined: the platform's. */
  taker(appId?: string): Taker {
    const app = (): Promise<App> | App => (appId === undefined ? this.platformApp : this.appOf(appId));
    return {
      merchantId: async () => (await app()).merchantId,
      receive: async (body, signature, signal) => this.receive(await app(), body, signature, signal),
    };
  }

  private async receive(app: App, rawBody: Buffer, signature: string, signal: GivenUp): Promise<Answer> {
    if (!verifyMetaSignature(rawBody, signature, app.appSecrets)) return unsigned;
    const now = this.clock.now();
    let arrivals: Arrival[];
    try {
      arrivals = await this.read(app, rawBody, now);
    } catch (error) {
      if (error instanceof SyntaxError) return malformed('the body must be JSON');
      if (error instanceof NotAWebhook || error instanceof JsonOutOfBounds) return malformed(error.message);
      throw error;
    }
    const take = (): Promise<void> => this.intake.take('whatsapp', arrivals, signal);
    // Meta limits what comes from the platform's app; a merchant's own app may be whatever the merchant makes of it.
    if (app.merchantId === undefined) await take();
    else await this.budgets.count(app.merchantId, arrivals.length, rawBody.length, take);
    return ok;
  }

  /** A large body takes its time, and lets smaller ones go first. */
  private async read(app: App, rawBody: Buffer, now: Date): Promise<Arrival[]> {
    const breath = new Breath();
    const body = parseBoundedJson(rawBody, app.merchantId === undefined ? PLATFORM_BODY : OWN_BODY);
    const arrivals: Arrival[] = [];
    for (const item of readWebhook(body, now)) {
      const routed = heldTo(app.merchantId, await this.route(item));
      arrivals.push(arrivalOf(item, routed, now, app.merchantId));
      await breath.take();
    }
    return arrivals;
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
    // A merchant that signs with its own app may say anything of numbers that are not its own.
    const held = signedBy === undefined ? payload : excerpt(payload);
    // At a time at which it can be given to nobody, nothing of a person is kept.
    const what = wrongTime(said, now) ? {} : held;
    const evidence = { field, phoneNumberId, businessAccountId, kind, payload: what, signedBy };
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
    case 'ignored': {
      const what = wrongTime(said, now) ? { field } : item.payload;
      return kept('ignored', item.reason, { ...said, merchantId, payload: what });
    }
  }
}
