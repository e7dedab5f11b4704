import { Inject, Injectable } from '@nestjs/common';
import type { Connection, Subscribed } from '#core/tenancy';
import { StoreConnectionEntity } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { CallFailed, channelOf } from '#vendors';
import { Refusal } from '../refusal.js';
import { ChannelAccounts } from './channel-accounts.js';
import { Merchants, requireOpen } from './merchants.js';
import { PaymentAccounts } from './payment-accounts.js';
import { Vendors } from './vendors.js';

/** How a live call went. `why`: what the other side said, when it is not `ok`. */
export interface ConnectionTestView {
  ok: boolean;
  why: string | null;
  testedAt: string;
}

/** Whether a channel brings webhooks here, by its own word. `why`: when it is not `yes`. */
export interface SubscriptionView {
  subscribed: Subscribed['state'];
  why: string | null;
}

/** Live calls that someone asked for, with the stored secrets. When one goes well, that is stored. */
@Injectable()
export class ConnectionTests {
  constructor(
    private readonly merchants: Merchants,
    private readonly accounts: ChannelAccounts,
    private readonly payments: PaymentAccounts,
    private readonly vendors: Vendors,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` for a closed merchant. */
  async channelAccount(merchantId: string, id: string): Promise<ConnectionTestView> {
    const account = await this.accounts.find(merchantId, id);
    if (account.releasedAt)
      throw new Refusal('conflict', 'merchant_closed', 'a closed merchant stays as it is');
    return this.note(merchantId, 'channel_account', id, await this.vendors.probeChannel(account), (at) =>
      this.accounts.noteVerified(merchantId, id, at),
    );
  }

  /**
   * Has the channel bring the account's webhooks here, then asks it whether it does.
   * @throws Refusal `not_found`, `conflict` for a closed merchant or a channel without such a call, `impossible` when the channel
   * refuses, `unreachable` when it does not answer.
   */
  async subscribe(merchantId: string, id: string): Promise<SubscriptionView> {
    const account = await this.accounts.find(merchantId, id);
    if (account.releasedAt)
      throw new Refusal('conflict', 'merchant_closed', 'a closed merchant stays as it is');
    if (!channelOf(account.kind).subscription) {
      throw new Refusal(
        'conflict',
        'no_subscription',
        'this channel has no call for it: enter the address there',
      );
    }
    try {
      await this.vendors.subscribe(account);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      throw error.why === 'no_answer'
        ? new Refusal('unreachable', 'vendor_unreachable', error.message)
        : new Refusal('impossible', 'vendor_refused', error.message);
    }
    const asked = await this.vendors.probeChannelWebhooks(account);
    const view = { subscribed: asked.state, why: asked.state === 'yes' ? null : asked.why };
    await this.audit.note({ merchantId, action: 'channel_account.subscribe', target: id, after: view });
    return view;
  }

  /** @throws Refusal `not_found`. */
  async store(merchantId: string): Promise<ConnectionTestView> {
    const row = await this.merchants.read(merchantId, (tx, merchant) => {
      requireOpen(merchant);
      return tx.findOneBy(StoreConnectionEntity, { merchantId });
    });
    if (!row) throw new Refusal('not_found', 'not_connected', 'no shop is connected yet');
    return this.note(merchantId, 'store', row.id, await this.vendors.probeStore(row), (at) =>
      this.merchants.within(merchantId, (tx) =>
        tx.update(StoreConnectionEntity, { id: row.id }, { verifiedAt: at }),
      ),
    );
  }

  /** @throws Refusal `not_found`, `conflict` for a closed merchant. */
  async paymentAccount(merchantId: string, account: string): Promise<ConnectionTestView> {
    const row = await this.payments.find(merchantId, account, { open: true });
    return this.note(merchantId, 'payment_provider', row.id, await this.vendors.probePayment(row), (at) =>
      this.payments.noteVerified(merchantId, row.id, at),
    );
  }

  private async note(
    merchantId: string,
    thing: string,
    target: string,
    result: Connection,
    verified: (at: Date) => Promise<unknown>,
  ): Promise<ConnectionTestView> {
    const at = this.clock.now();
    if (result.state === 'ok') await verified(at);
    const why = result.state === 'failing' ? result.why : null;
    const view = { ok: result.state === 'ok', why, testedAt: at.toISOString() };
    await this.audit.note({ merchantId, action: `${thing}.test`, target, after: view });
    return view;
  }
}
