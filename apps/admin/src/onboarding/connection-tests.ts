import { Inject, Injectable } from '@nestjs/common';
import type { Connection } from '#core/tenancy';
import { StoreConnectionEntity } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
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
