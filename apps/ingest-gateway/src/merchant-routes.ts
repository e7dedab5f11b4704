import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { judgeAccount, judgeNumber, type AccountRoute, type NumberRoute, type Routed } from '#core/tenancy';
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

  async byPhoneNumber(
    phoneNumberId: string | undefined,
    businessAccountId: string | undefined,
  ): Promise<Routed> {
    const route = phoneNumberId === undefined ? undefined : await this.ofPhoneNumber(phoneNumberId);
    return judgeNumber(phoneNumberId, businessAccountId, route);
  }

  /** Where a number leads, whether it is switched on or not. */
  ofPhoneNumber(phoneNumberId: string): Promise<NumberRoute | undefined> {
    return this.directory.routePhoneNumber(phoneNumberId);
  }

  /** For what names no phone number: the one merchant that has this business account. */
  async byBusinessAccount(businessAccountId: string | undefined): Promise<Routed> {
    const routes = businessAccountId === undefined ? [] : await this.merchantsOf(businessAccountId);
    return judgeAccount(businessAccountId, routes);
  }

  private merchantsOf(businessAccountId: string): Promise<AccountRoute[]> {
    return this.memo.get(
      businessAccountId,
      () =>
        this.database.query(
          `SELECT merchant_id AS "merchantId", enabled, status FROM tenancy.route_business_account($1)`,
          [businessAccountId],
        ) as Promise<AccountRoute[]>,
    );
  }
}
