import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import {
  Allow,
  Ctx,
  type Order,
  Permission,
  type RequestContext,
  Transaction,
  ZoneService,
} from '@vendure/core';
import { gql } from 'graphql-tag';
import { type HoldState, type Line, WacoHolds } from './holds';
import type { WacoHold } from './hold.entity';
import { type OrderInput, WacoOrders } from './orders';
import { WacoProducts } from './products';

export const SCHEMA = gql`
  type WacoShop {
    currency: String!
    "Decimals of every amount of money."
    moneyPrecision: Int!
    "Where the shop's default shipping zone, or else its tax zone, leads to."
    countries: [String!]!
  }
  type WacoProduct {
    sku: String!
    variantId: ID!
    sequence: Float!
    changedAt: DateTime!
    gone: Boolean!
    title: String!
    price: Int!
    stock: Int!
    available: Int!
    variant: ProductVariant
  }
  type WacoProductPage {
    items: [WacoProduct!]!
    next: String
  }
  type WacoShort {
    sku: String!
    requested: Int!
    available: Int!
  }
  type WacoHoldResult {
    "held, released, committed, expired, unknown; of a new one also short and key_reused."
    state: String!
    id: String
    expiresAt: DateTime
    short: [WacoShort!]!
  }
  type WacoOrderResult {
    "placed, exists or gone."
    outcome: String!
    order: Order
    short: [WacoShort!]!
  }
  input WacoLineInput {
    sku: String!
    quantity: Int!
  }
  input WacoHoldInput {
    key: String!
    orderRef: String!
    ttlSeconds: Int!
    lines: [WacoLineInput!]!
  }
  input WacoOrderLineInput {
    sku: String!
    quantity: Int!
    unitPrice: Money!
  }
  input WacoCustomerInput {
    name: String
    phone: String
  }
  input WacoPaymentInput {
    provider: String!
    reference: String!
    paidAt: String!
  }
  input WacoOrderInput {
    orderRef: String!
    holdId: String!
    lines: [WacoOrderLineInput!]!
    customer: WacoCustomerInput!
    countryCode: String!
    total: Money!
    currency: String!
    payment: WacoPaymentInput!
  }
  extend type Query {
    wacoShop: WacoShop!
    wacoProducts(skus: [String!]!): [WacoProduct!]!
    wacoChangedProducts(since: DateTime, cursor: String, take: Int!): WacoProductPage!
  }
  extend type Mutation {
    wacoHold(input: WacoHoldInput!): WacoHoldResult!
    wacoExtendHold(id: String!, ttlSeconds: Int!): WacoHoldResult!
    wacoReleaseHold(id: String!): WacoHoldResult!
    wacoCommitHold(id: String!): WacoHoldResult!
    wacoPlaceOrder(input: WacoOrderInput!): WacoOrderResult!
  }
`;

/** What is read after a lock is as it is then, whatever the database's default. */
const READ_COMMITTED = 'READ COMMITTED';

interface HoldAnswer {
  state: string;
  id?: string;
  expiresAt?: Date;
  short: object[];
}

@Resolver()
export class WacoResolver {
  constructor(
    private readonly zones: ZoneService,
    private readonly products: WacoProducts,
    private readonly holds: WacoHolds,
    private readonly orders: WacoOrders,
  ) {}

  @Query()
  @Allow(Permission.ReadCatalog)
  async wacoShop(@Ctx() ctx: RequestContext) {
    const { defaultShippingZone, defaultTaxZone, defaultCurrencyCode } = ctx.channel;
    const zone = defaultShippingZone ?? defaultTaxZone;
    const found = zone && (await this.zones.findOne(ctx, zone.id));
    return {
      currency: defaultCurrencyCode,
      moneyPrecision: this.products.moneyPrecision,
      countries: (found?.members ?? []).filter((m) => m.enabled).map((m) => m.code),
    };
  }

  @Query()
  @Allow(Permission.ReadCatalog)
  wacoProducts(@Ctx() ctx: RequestContext, @Args() { skus }: { skus: string[] }) {
    return this.products.bySku(ctx, skus.slice(0, 200));
  }

  @Query()
  @Allow(Permission.ReadCatalog)
  wacoChangedProducts(
    @Ctx() ctx: RequestContext,
    @Args() asked: { since?: Date; cursor?: string; take: number },
  ) {
    return this.products.changed(ctx, asked);
  }

  @Mutation()
  @Transaction('auto', READ_COMMITTED)
  @Allow(Permission.CreateOrder)
  async wacoHold(
    @Ctx() ctx: RequestContext,
    @Args() { input }: { input: { key: string; orderRef: string; ttlSeconds: number; lines: Line[] } },
  ): Promise<HoldAnswer> {
    const result = await this.holds.hold(ctx, input);
    if (result.outcome === 'held') return answer({ state: 'held', hold: result.hold });
    return { state: result.outcome, short: result.outcome === 'short' ? result.short : [] };
  }

  @Mutation()
  @Transaction('auto', READ_COMMITTED)
  @Allow(Permission.CreateOrder)
  async wacoExtendHold(
    @Ctx() ctx: RequestContext,
    @Args() { id, ttlSeconds }: { id: string; ttlSeconds: number },
  ): Promise<HoldAnswer> {
    return answer(await this.holds.extend(ctx, id, ttlSeconds));
  }

  @Mutation()
  @Transaction('auto', READ_COMMITTED)
  @Allow(Permission.CreateOrder)
  async wacoReleaseHold(@Ctx() ctx: RequestContext, @Args() { id }: { id: string }): Promise<HoldAnswer> {
    return answer(await this.holds.release(ctx, id));
  }

  @Mutation()
  @Transaction('auto', READ_COMMITTED)
  @Allow(Permission.CreateOrder)
  async wacoCommitHold(@Ctx() ctx: RequestContext, @Args() { id }: { id: string }): Promise<HoldAnswer> {
    return answer(await this.holds.commit(ctx, id));
  }

  @Mutation()
  @Transaction('auto', READ_COMMITTED)
  @Allow(Permission.CreateOrder)
  async wacoPlaceOrder(@Ctx() ctx: RequestContext, @Args() { input }: { input: OrderInput }) {
    const placed = await this.orders.place(ctx, input);
    return {
      outcome: placed.outcome,
      order: 'order' in placed ? (placed.order as Order) : null,
      short: 'short' in placed ? placed.short : [],
    };
  }
}

function answer({ state, hold }: { state: HoldState; hold?: WacoHold }): HoldAnswer {
  return { state, id: hold?.id, expiresAt: hold?.expiresAt, short: [] };
}
