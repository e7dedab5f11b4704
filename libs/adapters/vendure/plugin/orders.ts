import { Injectable } from '@nestjs/common';
import {
  CustomerService,
  type ID,
  isGraphQlErrorResult,
  Order,
  OrderService,
  type RequestContext,
  TransactionalConnection,
  UserInputError,
} from '@vendure/core';
import { fingerprint, type Short, WacoHolds, type Wanted } from './holds';

export interface OrderInput {
  orderRef: string;
  holdId: string;
  lines: { sku: string; quantity: number; unitPrice: number }[];
  customer: { name?: string | null; phone?: string | null };
  countryCode: string;
  /** What was paid, as Vendure counts money. */
  total: number;
  currency: string;
  payment: { provider: string; reference: string; paidAt: string };
}

export type Placed =
  | { outcome: 'placed'; order: Order }
  /** There is another order with this reference. */
  | { outcome: 'exists' }
  | { outcome: 'gone'; short: Short[] };

/** Writes the paid order. All of it is one transaction: there is the whole order, or nothing. */
@Injectable()
export class WacoOrders {
  constructor(
    private readonly connection: TransactionalConnection,
    private readonly holds: WacoHolds,
    private readonly orders: OrderService,
    private readonly customers: CustomerService,
  ) {}

  async place(ctx: RequestContext, input: OrderInput): Promise<Placed> {
    const { orderRef } = input;
    await this.holds.alone(ctx, `order:${orderRef}`);
    const print = fingerprint([input.lines, input.total, input.currency, input.payment.reference]);
    const earlier = await this.find(ctx, orderRef);
    if (earlier) {
      const same = (earlier.customFields as { wacoRequest?: string }).wacoRequest === print;
      return same ? { outcome: 'placed', order: earlier } : { outcome: 'exists' };
    }
    if (input.currency !== ctx.currencyCode)
      throw new UserInputError(`the shop sells in ${ctx.currencyCode}`);

    const wanted = await this.holds.wanted(ctx, input.lines);
    await this.holds.lock(ctx, wanted);
    const { hold, state } = await this.holds.open(ctx, input.holdId);
    const mine = hold && hold.orderRef === orderRef && !hold.orderId ? hold : undefined;
    const holding = state === 'held' || state === 'committed' ? mine : undefined;
    const short = await this.holds.shortOf(ctx, wanted, holding);
    if (short.length > 0) return { outcome: 'gone', short };

    const { id } = await this.orders.createDraft(ctx);
    if (holding) await this.holds.consume(ctx, holding, id);
    await this.fill(ctx, id, wanted, input);
    await this.orders.updateCustomFields(ctx, id, { wacoRef: orderRef, wacoRequest: print });
    sure(await this.orders.transitionToState(ctx, id, 'ArrangingPayment'));
    const { provider, reference, paidAt } = input.payment;
    const order = sure(
      await this.orders.addManualPaymentToOrder(ctx, {
        orderId: id,
        method: provider,
        transactionId: reference,
        metadata: { orderRef, paidAt },
      }),
    );
    return { outcome: 'placed', order: order as Order };
  }

  /** What is in the order, who gets it, and the total that was paid. */
  private async fill(ctx: RequestContext, id: ID, wanted: Wanted[], input: OrderInput): Promise<void> {
    const items = wanted.map((line) => ({ productVariantId: line.variantId as ID, quantity: line.quantity }));
    const { errorResults } = await this.orders.addItemsToOrder(ctx, id, items);
    for (const error of errorResults) sure(error);
    const { name, phone } = input.customer;
    const [firstName, lastName] = named(name ?? '');
    const customer = sure(
      await this.customers.createOrUpdate(ctx, {
        emailAddress: `${phone?.replace(/\D/g, '') || input.orderRef}@chat.invalid`,
        firstName,
        lastName,
        phoneNumber: phone ?? undefined,
      }),
    );
    await this.orders.addCustomerToOrder(ctx, id, customer);
    await this.orders.setShippingAddress(ctx, id, {
      fullName: name ?? undefined,
      phoneNumber: phone ?? undefined,
      streetLine1: 'See the chat',
      countryCode: input.countryCode,
    });
    const methods = await this.orders.getEligibleShippingMethods(ctx, id);
    const [cheapest] = methods.sort((a, b) => a.priceWithTax - b.priceWithTax);
    if (!cheapest) throw new UserInputError(`no shipping method for ${input.countryCode}`);
    sure(await this.orders.setShippingMethod(ctx, id, [cheapest.id]));
    await this.settle(ctx, id, input.total);
  }

  /** The order's total is what was paid. Prices that changed since then are made up for by a line of their own. */
  private async settle(ctx: RequestContext, id: ID, total: number): Promise<void> {
    const order = await this.connection.getEntityOrThrow(ctx, Order, id, {
      relations: ['lines', 'shippingLines', 'surcharges'],
    });
    const difference = total - order.totalWithTax;
    if (difference === 0) return;
    await this.orders.addSurchargeToOrder(ctx, id, {
      description: 'Difference to the price agreed in the chat',
      listPrice: difference,
      listPriceIncludesTax: true,
    });
  }

  private async find(ctx: RequestContext, orderRef: string): Promise<Order | undefined> {
    const row = await this.connection
      .getRepository(ctx, Order)
      .createQueryBuilder('o')
      .where('o.customFields.wacoRef = :orderRef', { orderRef })
      .getOne();
    return row ? this.orders.findOne(ctx, row.id) : undefined;
  }
}

/** @throws UserInputError with what Vendure says, which undoes everything. */
function sure<T>(result: T): Exclude<T, { __typename: string; errorCode: unknown }> {
  if (isGraphQlErrorResult(result as never)) {
    const { errorCode, message, transitionError } = result as Record<string, string>;
    throw new UserInputError(`${errorCode}: ${transitionError ?? message}`);
  }
  return result as Exclude<T, { __typename: string; errorCode: unknown }>;
}

function named(name: string): [string, string] {
  const words = name.trim().split(/\s+/);
  return [words[0] || 'Customer', words.slice(1).join(' ')];
}
