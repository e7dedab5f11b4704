import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { syncStore } from '#contracts';
import { TEMPLATE_PURPOSES } from '#core/messaging';
import {
  readinessSteps,
  routingFault,
  type Connection,
  type ConnectionWebhooks,
  type PaymentRoute,
  type ReadinessFacts,
  type ReadinessStep,
  type RoutingFacts,
  type Subscribed,
  type TestMessageFacts,
} from '#core/tenancy';
import { itemsSeen, syncCursorsSeen } from '#evidence';
import {
  MerchantSettingsEntity,
  ChannelAccountEntity,
  PaymentProviderEntity,
  StoreConnectionEntity,
  type TemplateEntity,
  type MerchantEntity,
} from '#persistence';
import { CLOCK, ENV, type Clock } from '#platform';
import { CallFailed, channelOf, PAYMENT_PROVIDERS, storeOf } from '#vendors';
import type { AdminEnv } from '../env.js';
import { accountsOf, channelWebhookUrl, hasTemplates } from './channel-accounts.js';
import { Merchants } from './merchants.js';
import { paymentWebhookUrl } from './payment-accounts.js';
import { storeWebhookUrl } from './stores.js';
import { Templates } from './templates.js';
import { readTestMessage } from './test-messages.js';
import { Vendors } from './vendors.js';
import { readSenders, recordOf, type SenderRecord } from './webhook-senders.js';

interface Stored {
  merchant: MerchantEntity;
  numbers: ChannelAccountEntity[];
  store: StoreConnectionEntity | null;
  payments: PaymentProviderEntity[];
  routes: readonly PaymentRoute[];
  templates: Pick<TemplateEntity, 'purpose' | 'name' | 'language'>[];
  sync: ReadinessFacts['sync'];
  testMessage: TestMessageFacts;
  senders: SenderRecord[];
}

/** One connection, in both directions. */
export interface CheckedConnection extends ConnectionWebhooks {
  port: 'channel' | 'store' | 'payment';
  kind: string;
  /** Of its row. */
  id: string;
  /** What it answers when it is called. */
  calls: Connection;
}

/** Whether a first customer could buy now: what is stored, and what the vendors answer when asked just now. */
@Injectable()
export class Readiness {
  constructor(
    private readonly merchants: Merchants,
    private readonly vendors: Vendors,
    private readonly templates: Templates,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  async check(merchantId: string): Promise<{ steps: ReadinessStep[]; connections: CheckedConnection[] }> {
    const stored = await this.merchants.read(merchantId, (tx, merchant) => read(tx, merchant));
    const closed = stored.merchant.status === 'closed';
    const { numbers, store, payments } = closed ? { ...stored, ...NOTHING } : stored;
    const base = `/v1/merchants/${merchantId}`;
    const [channels, shops, accounts, templates] = await Promise.all([
      Promise.all(numbers.map((row) => this.checkChannel(row, base, stored.senders))),
      Promise.all((store ? [store] : []).map((row) => this.checkStore(row, base, stored.senders))),
      Promise.all(payments.map((row) => this.checkPayment(row, base, stored.senders))),
      this.templateStatuses({ ...stored, numbers }),
    ]);
    const connections = [...channels, ...shops, ...accounts];
    await this.noteVerified(merchantId, connections);
    const failing = accounts.find(({ calls }) => calls.state === 'failing');
    const steps = readinessSteps({
      merchantId,
      status: stored.merchant.status,
      channelAccount: ofAll(channels),
      store: ofAll(shops),
      sync: stored.sync,
      paymentProvider: ofAll(accounts),
      // A route may lead to any of them: the first that does not answer tells.
      paymentAccount: (failing ?? accounts[0])?.name ?? PAYMENT_PROVIDERS[0]!.kind,
      paymentRouting: routingOf(stored, store, payments),
      templates,
      testMessage: stored.testMessage,
      webhooks: connections.filter(({ calls }) => calls.state !== 'disabled'),
    });
    return { steps, connections };
  }

  /** What answered just now has been seen to work. */
  private async noteVerified(merchantId: string, connections: readonly CheckedConnection[]): Promise<void> {
    const verified = { verifiedAt: this.clock.now() };
    const answered = connections.filter(({ calls }) => calls.state === 'ok');
    if (answered.length === 0) return;
    await this.merchants.within(merchantId, async (tx) => {
      for (const { port, id } of answered) await tx.update(ENTITIES[port], { id }, verified);
    });
  }

  private async checkChannel(
    row: ChannelAccountEntity,
    base: string,
    senders: readonly SenderRecord[],
  ): Promise<CheckedConnection> {
    const { id, kind, enabled } = row;
    const path = `${base}/channel-accounts/${id}`;
    const [calls, subscribed] = enabled
      ? await Promise.all([this.vendors.probeChannel(row), this.vendors.probeChannelWebhooks(row)])
      : [DISABLED, SWITCHED_OFF];
    return {
      name: id,
      port: 'channel',
      kind,
      id,
      what: `account ${row.displayName}`,
      calls,
      address: channelWebhookUrl(row, this.env.PUBLIC_GATEWAY_URL) ?? '',
      put: `PATCH ${path}`,
      ...(channelOf(kind).subscription && { subscribe: `POST ${path}/subscribe` }),
      subscribed,
      ...recordOf(senders, { port: 'channel', kind, id }),
    };
  }

  private async checkStore(
    row: StoreConnectionEntity,
    base: string,
    senders: readonly SenderRecord[],
  ): Promise<CheckedConnection> {
    const { kind } = row;
    return {
      name: 'store',
      port: 'store',
      kind,
      id: row.id,
      what: 'shop',
      calls: await this.vendors.probeStore(row),
      address: storeWebhookUrl(row, this.env.PUBLIC_GATEWAY_URL),
      put: `PUT ${base}/store`,
      subscribed: this.vendors.storeWebhooks(),
      ...recordOf(senders, { port: 'store', kind: storeOf(kind).source, id: kind }),
    };
  }

  private async checkPayment(
    row: PaymentProviderEntity,
    base: string,
    senders: readonly SenderRecord[],
  ): Promise<CheckedConnection> {
    const { account, kind } = row;
    const [calls, subscribed] = await Promise.all([
      this.vendors.probePayment(row),
      this.vendors.probePaymentWebhooks(row),
    ]);
    return {
      name: account,
      port: 'payment',
      kind,
      id: row.id,
      what: `payment account ${account}`,
      calls,
      address: paymentWebhookUrl(row, this.env.PUBLIC_GATEWAY_URL),
      put: `PUT ${base}/payment-providers/${account}`,
      subscribed,
      ...recordOf(senders, { port: 'payment', kind, id: account }),
    };
  }

  private async templateStatuses({ numbers, templates }: Stored): Promise<ReadinessFacts['templates']> {
    const account = numbers.find(hasTemplates);
    // On channels without any, nothing goes out as one.
    if (numbers.length > 0 && !account) return [];
    const facts = account && templates.length > 0 ? await this.askChannel(account) : [];
    return TEMPLATE_PURPOSES.map((purpose) => {
      const statuses = templates
        .filter((t) => t.purpose === purpose)
        .map((t) => {
          if (facts === undefined) return 'UNKNOWN';
          return facts.find((f) => f.name === t.name && f.language === t.language)?.status ?? 'DELETED';
        });
      return { purpose, status: statuses.includes('APPROVED') ? 'APPROVED' : (statuses[0] ?? null) };
    });
  }

  private async askChannel(account: ChannelAccountEntity) {
    try {
      return await this.templates.statuses(account);
    } catch (error) {
      if (error instanceof CallFailed) return undefined; // shown as unknown; the account's step says why
      throw error;
    }
  }
}

const ENTITIES = {
  channel: ChannelAccountEntity,
  store: StoreConnectionEntity,
  payment: PaymentProviderEntity,
} as const;
const DISABLED: Connection = { state: 'disabled' };
const SWITCHED_OFF: Subscribed = { state: 'unknown', why: 'the account is switched off' };

/** Everything that is switched on must answer; the first that does not tells. */
function ofAll(connections: readonly CheckedConnection[]): Connection {
  if (connections.length === 0) return { state: 'missing' };
  const tried = connections.filter(({ calls }) => calls.state !== 'disabled');
  if (tried.length === 0) return DISABLED;
  const failing = tried.find(({ calls }) => calls.state === 'failing');
  if (failing?.calls.state !== 'failing') return { state: 'ok' };
  const which = tried.length > 1 ? `${failing.what}: ` : '';
  return { state: 'failing', why: `${which}${failing.calls.why}` };
}

/** A closed merchant's credentials are wiped. */
const NOTHING = { numbers: [], store: null, payments: [] };

/** An order's country is where the shop's goods are sold to; what it will be priced in, the merchant says. */
function routingOf(
  { merchant, routes }: Stored,
  store: StoreConnectionEntity | null,
  payments: readonly PaymentProviderEntity[],
): RoutingFacts {
  const connected = payments.map((row) => row.account);
  const place = { country: store?.region ?? merchant.country, currency: merchant.currency };
  const fault = routingFault(routes, connected, place);
  return fault ? { state: 'broken', ...fault } : { state: 'ok' };
}

async function read(tx: EntityManager, merchant: MerchantEntity): Promise<Stored> {
  const { merchantId } = merchant;
  return {
    merchant,
    numbers: await accountsOf(tx, merchantId),
    store: await tx.findOneBy(StoreConnectionEntity, { merchantId }),
    payments: await tx.find(PaymentProviderEntity, {
      where: { merchantId },
      order: { createdAt: 'ASC', id: 'ASC' },
    }),
    routes: (await tx.findOneBy(MerchantSettingsEntity, { merchantId }))?.document.payments?.routes ?? [],
    // Each number of a business account has the same ones.
    templates: (await tx.query(
      `SELECT DISTINCT purpose, name, language FROM tenancy.templates ORDER BY purpose, name, language`,
    )) as Stored['templates'],
    sync: await readSync(tx),
    testMessage: await readTestMessage(tx),
    senders: await readSenders(tx),
  };
}

/**
 * One full sync that ended well is enough, and the catalog remembers when it was; else the journal knows how the latest
 * went, as long as it is kept.
 */
async function readSync(tx: EntityManager): Promise<ReadinessFacts['sync']> {
  const synced = (await tx.query(
    `SELECT FROM ${syncCursorsSeen.name} WHERE full_at IS NOT NULL`,
  )) as unknown[];
  if (synced.length > 0) return { state: 'done' };
  const [row] = (await tx.query(
    `SELECT outcome, reason, parked_at IS NOT NULL AS parked FROM ${itemsSeen.name}
     WHERE name = $1 AND payload->>'mode' = 'full' ORDER BY (outcome = 'done') IS TRUE DESC, id DESC LIMIT 1`,
    [syncStore.name],
  )) as { outcome: string | null; reason: string | null; parked: boolean }[];
  if (!row) return { state: 'none' };
  if (row.outcome === 'done') return { state: 'done' };
  if (row.parked || row.outcome) return { state: 'failed', why: row.reason ?? row.outcome ?? 'unknown' };
  return { state: 'running' };
}
