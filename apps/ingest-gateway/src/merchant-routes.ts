import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { judgeAccount, judgeNumber, type AccountRoute, type Routed } from '#core/tenancy';
import { Directory } from '#persistence';

/** How long a business account's merchants are remembered, in milliseconds: as long as the directory does. */
const TTL_MS = 5_000;

/** Leads what a webhook names to the merchant it belongs to. */
@Injectable()
export class MerchantRoutes {
  private readonly accounts = new Map<string, { at: number; routes: Promise<AccountRoute[]> }>();

  constructor(
    private readonly directory: Directory,
    private readonly database: DataSource,
  ) {}

  async byPhoneNumber(
    phoneNumberId: string | undefined,
    businessAccountId: string | undefined,
  ): Promise<Routed> {
    const route =
      phoneNumberId === undefined ? undefined : await this.directory.routePhoneNumber(phoneNumberId);
    return judgeNumber(phoneNumberId, businessAccountId, route);
  }

  /** For what names no phone number: the one merchant that has this business account. */
  async byBusinessAccount(businessAccountId: string | undefined): Promise<Routed> {
    const routes = businessAccountId === undefined ? [] : await this.merchantsOf(businessAccountId);
    return judgeAccount(businessAccountId, routes);
  }

  private merchantsOf(businessAccountId: string): Promise<AccountRoute[]> {
    const known = this.accounts.get(businessAccountId);
    if (known && performance.now() - known.at < TTL_MS) return known.routes;
    if (this.accounts.size > 10_000) this.accounts.clear();
    const routes = this.database.query(
      `SELECT merchant_id AS "merchantId", enabled, status FROM tenancy.route_business_account($1)`,
      [businessAccountId],
    ) as Promise<AccountRoute[]>;
    this.accounts.set(businessAccountId, { at: performance.now(), routes });
    routes.catch(() => this.accounts.delete(businessAccountId)); // a failed look-up is not remembered
    return routes;
  }
}
