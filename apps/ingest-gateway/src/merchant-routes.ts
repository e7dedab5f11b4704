import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Directory, type PhoneNumberRoute } from '#persistence';

/** Why an item could not be led to one enabled merchant. */
export type Unroutable =
  | 'no_phone_number'
  | 'no_business_account'
  | 'unknown_phone_number'
  | 'unknown_business_account'
  | 'accounts_disagree'
  | 'another_merchants_app'
  | 'disabled'
  | 'closed';

export type Routed =
  | { outcome: 'merchant'; merchantId: string; channelAccountId: string | undefined }
  | { outcome: 'quarantined'; reason: Unroutable };

type AccountRoute = Pick<PhoneNumberRoute, 'merchantId' | 'enabled' | 'status'>;

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

  /** One app secret serves many merchants, so that both ids must lead to the same one. */
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
    if (businessAccountId === undefined) return { outcome: 'quarantined', reason: 'no_business_account' };
    return judgeAccount(await this.merchantsOf(businessAccountId));
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

export function judgeNumber(
  phoneNumberId: string | undefined,
  businessAccountId: string | undefined,
  route: PhoneNumberRoute | undefined,
): Routed {
  const quarantined = (reason: Unroutable): Routed => ({ outcome: 'quarantined', reason });
  if (phoneNumberId === undefined) return quarantined('no_phone_number');
  if (businessAccountId === undefined) return quarantined('no_business_account');
  if (!route) return quarantined('unknown_phone_number');
  if (route.businessAccountId !== businessAccountId) return quarantined('accounts_disagree');
  return admit(route, route.channelAccountId);
}

export function judgeAccount(routes: readonly AccountRoute[]): Routed {
  const [route, another] = routes;
  if (!route) return { outcome: 'quarantined', reason: 'unknown_business_account' };
  if (another) return { outcome: 'quarantined', reason: 'accounts_disagree' };
  return admit(route, undefined);
}

/** A suspended merchant's webhooks are journaled all the same: what it may do is decided where it is done. */
function admit(route: AccountRoute, channelAccountId: string | undefined): Routed {
  if (!route.enabled) return { outcome: 'quarantined', reason: 'disabled' };
  if (route.status === 'closed') return { outcome: 'quarantined', reason: 'closed' };
  return { outcome: 'merchant', merchantId: route.merchantId, channelAccountId };
}
