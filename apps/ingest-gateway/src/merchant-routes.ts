import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { judgeAccount, judgeSender, type AccountRoute, type Routed, type SenderRoute } from '#core/tenancy';
import { Directory, Memo } from '#persistence';

/** As long as the directory remembers numbers. */
const REMEMBER = { ttlMs: 5_000, most: 10_000, atOnce: 2, mayWait: 500 };

/** Leads what a webhook names to the merchant it belongs to. */
@Injectable()
export class MerchantRoutes {
  private readonly memo = new Memo(REMEMBER);

  constructor(
    private readonly directory: Directory,
    private readonly database: DataSource,
  ) {}

  /** Of a channel of this kind. */
  async bySender(kind: string, senderId: string | undefined, accountId: string | undefined): Promise<Routed> {
    const route = senderId === undefined ? undefined : await this.ofSender(kind, senderId);
    return judgeSender(senderId, accountId, route);
  }

  /** Where a sender leads, whether it is switched on or not. */
  ofSender(kind: string, senderId: string): Promise<SenderRoute | undefined> {
    return this.directory.routeSender(kind, senderId);
  }

  /** For what names no sender: the one merchant that has this account. */
  async byAccount(kind: string, accountId: string | undefined): Promise<Routed> {
    const routes = accountId === undefined ? [] : await this.merchantsOf(kind, accountId);
    return judgeAccount(accountId, routes);
  }

  private merchantsOf(kind: string, accountId: string): Promise<AccountRoute[]> {
    return this.memo.get(
      `${kind}/${accountId}`,
      () =>
        this.database.query(
          `SELECT merchant_id AS "merchantId", enabled, status FROM tenancy.route_account($1, $2)`,
          [kind, accountId],
        ) as Promise<AccountRoute[]>,
    );
  }
}
