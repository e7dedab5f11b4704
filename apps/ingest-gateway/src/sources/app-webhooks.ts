import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { changeIdentity, receiveMessage, recordStatus, recordTemplateStatus } from '#contracts';
import { excerpt } from '#core/messaging';
import { heldTo, isOfAccount, type Routed, type WebhookSender } from '#core/tenancy';
import { WebhookSecrets, type ChannelApp, type GivenUp } from '#persistence';
import { Breath, CLOCK, ENV, JsonOutOfBounds, parseBoundedJson, type Clock } from '#platform';
import { NotAWebhook, type ChannelItem, type ChannelWebhooks } from '#vendors';
import { Budgets } from '../budgets.js';
import { isMerchantId, malformed, ok, unsigned, type Answer } from '../answer.js';
import { Intake } from '../intake.js';
import { kept, work, wrongTime, type Arrival } from '../items.js';
import { MerchantRoutes } from '../merchant-routes.js';
import { WebhookBook } from '../webhook-book.js';
import { MERCHANTS_LIMIT, type Places, type Source, type Taker } from './source.js';

/** A body with 1,000 updates holds some 30,000 values. */
const PLATFORM_BODY = { values: 100_000, depth: 64 };
const OWN_BODY = { values: 10_000, depth: 64 };

/** A channel as its webhooks come in here. */
interface Channel {
  kind: string;
  webhooks: ChannelWebhooks;
  /** The platform's app, which belongs to no merchant. */
  platform: App;
}

/** An app that signs webhooks: the platform's, or one that a merchant brought. */
type App = Omit<ChannelApp, 'merchantId'> & Partial<Pick<ChannelApp, 'merchantId'>>;

/**
 * Webhooks of a channel's apps: one address for all merchants of the platform's app, and one for each app that a merchant
 * brought. What comes from a merchant's app is signed by that merchant, and counts for no other.
 */
@Injectable()
export class AppWebhooks {
  constructor(
    private readonly intake: Intake,
    private readonly routes: MerchantRoutes,
    private readonly webhookSecrets: WebhookSecrets,
    private readonly budgets: Budgets,
    private readonly book: WebhookBook,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: object,
  ) {}

  source(kind: string, webhooks: ChannelWebhooks): Source {
    const { header, form, limit, routes } = webhooks;
    const channel: Channel = { kind, webhooks, platform: this.platformApp(webhooks) };
    const door = {
      header,
      form,
      taker: (places: Places) => this.taker(channel, places.app),
      handshake: (query: unknown, places: Places) => this.handshake(channel, query, places.app),
    };
    return {
      name: kind,
      routes: [
        { ...door, path: routes.platform, limit, express: true },
        { ...door, path: routes.own, limit: MERCHANTS_LIMIT },
      ],
    };
  }

  private platformApp({ variables }: ChannelWebhooks): App {
    const env = this.env as Record<string, string>;
    const appSecrets = env[variables.secrets.name]!.split(',').map((secret) => secret.trim());
    return { appSecrets, verifyToken: env[variables.verifyToken.name]! };
  }

  /** `appId`: of a merchant's own app, as its address says; undefined: the platform's. */
  private taker(channel: Channel, appId: string | undefined): Taker {
    const app = (): Promise<App> | App => (appId === undefined ? channel.platform : this.appOf(appId));
    return {
      merchantId: async () => (await app()).merchantId,
      sender: async () => {
        const { merchantId } = await app();
        if (merchantId === undefined || appId === undefined) return undefined;
        return { merchantId, port: 'channel_app', kind: channel.kind, id: appId };
      },
      receive: async (body, signature, signal) => this.receive(channel, await app(), body, signature, signal),
    };
  }

  private async handshake(
    { webhooks, platform }: Channel,
    query: unknown,
    appId: string | undefined,
  ): Promise<string | undefined> {
    const { verifyToken } = appId === undefined ? platform : await this.appOf(appId);
    return webhooks.handshake(query, verifyToken);
  }

  private async receive(
    channel: Channel,
    app: App,
    rawBody: Buffer,
    signature: string,
    signal: GivenUp,
  ): Promise<Answer> {
    if (!channel.webhooks.verify(rawBody, signature, app.appSecrets)) return unsigned;
    const now = this.clock.now();
    let said: Said;
    try {
      said = await this.read(channel, app, rawBody, now);
    } catch (error) {
      if (error instanceof SyntaxError) return malformed('the body must be JSON');
      if (error instanceof NotAWebhook || error instanceof JsonOutOfBounds) return malformed(error.message);
      throw error;
    }
    const { arrivals, senders, switchedOff } = said;
    const take = (): Promise<void> => this.intake.take(channel.kind, arrivals, signal);
    // The channel limits what comes from the platform's app; a merchant's own app may be whatever the merchant makes of it.
    if (app.merchantId === undefined) await take();
    else await this.budgets.count(app.merchantId, arrivals.length, rawBody.length, take);
    this.book.accepted(senders.values());
    for (const sender of switchedOff.values()) {
      this.book.switchedOff(
        channel.kind,
        channel.webhooks.routes[app.merchantId ? 'own' : 'platform'],
        sender,
      );
    }
    return ok;
  }

  /** A large body takes its time, and lets smaller ones go first. */
  private async read({ kind, webhooks }: Channel, app: App, rawBody: Buffer, now: Date): Promise<Said> {
    const breath = new Breath();
    const body = parseBoundedJson(rawBody, app.merchantId === undefined ? PLATFORM_BODY : OWN_BODY);
    const said: Said = { arrivals: [], senders: new Map(), switchedOff: new Map() };
    const { arrivals } = said;
    for (const item of webhooks.read(body, now)) {
      const routed = heldTo(app.merchantId, await this.route(kind, item));
      await this.noteSender(said, kind, item, routed, app.merchantId);
      arrivals.push(arrivalOf(kind, item, routed, now, app.merchantId));
      await breath.take();
    }
    return said;
  }

  /** Of an account that is switched off, an app tells only what is its own merchant's. */
  private async noteSender(
    { senders, switchedOff }: Said,
    kind: string,
    { senderId }: ChannelItem,
    routed: Routed,
    signedBy: string | undefined,
  ): Promise<void> {
    if (routed.outcome === 'merchant') {
      const { merchantId, channelAccountId: id } = routed;
      if (id !== undefined) senders.set(id, { merchantId, port: 'channel', kind, id });
      return;
    }
    if (routed.reason !== 'disabled' || senderId === undefined) return;
    const route = await this.routes.ofSender(kind, senderId);
    if (!route || (signedBy !== undefined && signedBy !== route.merchantId)) return;
    const { merchantId, channelAccountId: id } = route;
    switchedOff.set(id, { merchantId, port: 'channel', kind, id });
  }

  private async appOf(id: string): Promise<App> {
    const app = isMerchantId(id) ? await this.webhookSecrets.ofChannelApp(id) : undefined;
    // For an app that does not exist the check is made as well, against secrets that nobody has.
    const nobodys = (): string => randomBytes(16).toString('hex');
    return app ?? { appSecrets: [nobodys()], verifyToken: nobodys() };
  }

  private route(channel: string, { kind, senderId, accountId }: ChannelItem): Promise<Routed> {
    return isOfAccount(kind, senderId)
      ? this.routes.byAccount(channel, accountId)
      : this.routes.bySender(channel, senderId, accountId);
  }
}

/** What a webhook says, and the accounts that it comes from, by their ids. */
interface Said {
  arrivals: Arrival[];
  senders: Map<string, WebhookSender>;
  switchedOff: Map<string, WebhookSender>;
}

/** `signedBy`: the merchant whose own app signed it; kept with what is quarantined, so that a replay knows too. */
export function arrivalOf(
  source: string,
  item: ChannelItem,
  routed: Routed,
  now: Date,
  signedBy?: string,
): Arrival {
  const { externalId, occurredAt, senderId, accountId, field, kind, payload } = item;
  const said = { source, externalId, occurredAt };
  if (routed.outcome === 'quarantined') {
    // A merchant that signs with its own app may say anything of numbers that are not its own.
    const held = signedBy === undefined ? payload : excerpt(payload);
    // At a time at which it can be given to nobody, nothing of a person is kept.
    const what = wrongTime(said, now) ? {} : held;
    // Under the names of the release before as well, whose admin may be the one that replays it.
    const names = { senderId, accountId, phoneNumberId: senderId, businessAccountId: accountId };
    const evidence = { field, ...names, kind, payload: what, signedBy };
    return kept('quarantined', routed.reason, { ...said, merchantId: null, payload: evidence });
  }
  const { merchantId } = routed;
  // Items with a job are led by their sender, which names the account; only templates may be led without.
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
