import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { syncStore } from '#contracts';
import { TEMPLATE_PURPOSES } from '#core/messaging';
import {
  readinessSteps,
  routingFault,
  type Connection,
  type PaymentRoute,
  type ReadinessFacts,
  type ReadinessStep,
  type RoutingFacts,
  type TestMessageFacts,
} from '#core/tenancy';
import { itemsSeen, syncCursorsSeen } from '#evidence';
import {
  MerchantSettingsEntity,
  type ChannelAccountEntity,
  PaymentProviderEntity,
  StoreConnectionEntity,
  type TemplateEntity,
  type MerchantEntity,
} from '#persistence';
import { CallFailed, PAYMENT_PROVIDERS } from '#vendors';
import { accountsOf, hasTemplates } from './channel-accounts.js';
import { Merchants } from './merchants.js';
import { Templates } from './templates.js';
import { readTestMessage } from './test-messages.js';
import { Vendors } from './vendors.js';

interface Stored {
  merchant: MerchantEntity;
  numbers: ChannelAccountEntity[];
  store: StoreConnectionEntity | null;
  payments: PaymentProviderEntity[];
  routes: readonly PaymentRoute[];
  templates: Pick<TemplateEntity, 'purpose' | 'name' | 'language'>[];
  sync: ReadinessFacts['sync'];
  testMessage: TestMessageFacts;
}

/** Whether a first customer could buy now: what is stored, and what the vendors answer when asked just now. */
@Injectable()
export class Readiness {
  constructor(
    private readonly merchants: Merchants,
    private readonly vendors: Vendors,
    private readonly templates: Templates,
  ) {}

  async check(merchantId: string): Promise<ReadinessStep[]> {
    const stored = await this.merchants.read(merchantId, (tx, merchant) => read(tx, merchant));
    const closed = stored.merchant.status === 'closed';
    const { numbers, store, payments } = closed ? { ...stored, ...NOTHING } : stored;
    const [channelAccount, shop, paymentProvider, templates] = await Promise.all([
      this.channelAccount(numbers),
      store ? this.vendors.probeStore(store) : MISSING,
      this.payments(payments),
      this.templateStatuses({ ...stored, numbers }),
    ]);
    return readinessSteps({
      merchantId,
      status: stored.merchant.status,
      channelAccount,
      store: shop,
      sync: stored.sync,
      paymentProvider: paymentProvider.connection,
      paymentAccount: paymentProvider.account,
      paymentRouting: routingOf(stored, store, payments),
      templates,
      testMessage: stored.testMessage,
    });
  }

  /** Every number that is switched on must answer. */
  private async channelAccount(numbers: readonly ChannelAccountEntity[]): Promise<Connection> {
    if (numbers.length === 0) return MISSING;
    const enabled = numbers.filter((n) => n.enabled);
    if (enabled.length === 0) return { state: 'disabled' };
    const answers = await Promise.all(enabled.map((n) => this.vendors.probeChannel(n)));
    const failing = answers.findIndex((answer) => answer.state === 'failing');
    const answer = answers[failing];
    if (answer?.state !== 'failing') return { state: 'ok' };
    const which = enabled.length > 1 ? `${enabled[failing]!.displayName}: ` : '';
    return { state: 'failing', why: `${which}${answer.why}` };
  }

  /** Every account must answer: a route may lead to any of them. */
  private async payments(
    accounts: readonly PaymentProviderEntity[],
  ): Promise<{ account: string; connection: Connection }> {
    const answers = await Promise.all(accounts.map((row) => this.vendors.probePayment(row)));
    const failing = answers.findIndex((answer) => answer.state === 'failing');
    const account = (accounts[failing] ?? accounts[0])?.account ?? PAYMENT_PROVIDERS[0]!.kind;
    const answer = answers[failing] ?? answers[0] ?? MISSING;
    if (answer.state !== 'failing' || accounts.length === 1) return { account, connection: answer };
    return { account, connection: { state: 'failing', why: `${account}: ${answer.why}` } };
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

const MISSING: Connection = { state: 'missing' };
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
