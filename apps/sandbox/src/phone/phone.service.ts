import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '#platform';
import { InboundService } from '../meta/inbound.service.js';
import { MetaStore } from '../meta/meta-store.js';
import type { Customer, Json, PhoneNumber, ThreadMessage, Waba } from '../meta/model.js';
import { Threads } from '../meta/threads.js';
import { userIdFor } from '../meta/wire.js';
import { problem } from '../world/problem.js';
import { buttonReply, listReply } from './offers.js';
import { CartItemBody, CustomerBody, PhoneMessageBody } from './phone.dto.js';

export interface CustomerView {
  customerId: string;
  name: string;
  phone: string;
  hidePhone: boolean;
  /** The id under which the first business portfolio knows this person; null while there is no business. */
  userId: string | null;
}

export interface Account {
  waba: Waba;
  number: PhoneNumber;
}

/** Looks up what a product costs when the cart does not say; nothing when the shop does not know it. */
export type PriceLookup = (
  shop: string,
  sku: string,
) => Promise<{ minor: number; currency: string } | undefined>;

/** The customer's side: people, and the messages they type and tap. */
@Injectable()
export class PhoneService {
  constructor(
    private readonly store: MetaStore,
    private readonly threads: Threads,
    private readonly inbound: InboundService,
  ) {}

  createCustomer(body: CustomerBody): CustomerView {
    const phone = body.phone?.replace('+', '') ?? this.freeNumber();
    if (this.store.customerByPhone(phone)) throw problem(409, `+${phone} belongs to somebody already`);
    const customer: Customer = {
      customerId: newId('cus'),
      name: body.name.trim(),
      phone,
      hidePhone: body.hidePhone ?? false,
    };
    this.store.putCustomer(customer);
    return this.view(customer);
  }

  customers(): CustomerView[] {
    return this.store.customers().map((customer) => this.view(customer));
  }

  /** @throws a 404 problem when either does not exist. */
  thread(customerId: string, phoneNumberId: string): { customer: Customer; account: Account } {
    const customer = this.store.customer(customerId);
    if (!customer) throw problem(404, `No customer ${customerId}`);
    const account = this.store.accountOf(phoneNumberId);
    if (!account) throw problem(404, `No business has the phone number id ${phoneNumberId}`);
    return { customer, account };
  }

  async send(
    customerId: string,
    phoneNumberId: string,
    body: PhoneMessageBody,
    priceOf: PriceLookup,
  ): Promise<ThreadMessage> {
    const { customer, account } = this.thread(customerId, phoneNumberId);
    const content = await this.content(customer, account, body, priceOf);
    return this.inbound.receive(account, customer, content);
  }

  private async content(
    customer: Customer,
    account: Account,
    body: PhoneMessageBody,
    priceOf: PriceLookup,
  ): Promise<Json> {
    switch (body.type) {
      case 'text':
        return { type: 'text', text: { body: body.text } };
      case 'list_reply':
      case 'button_reply':
        return this.reply(customer, account, body);
      case 'reaction': {
        const target = this.seen(customer, account, body.messageId!);
        const emoji = body.emoji ? { emoji: body.emoji } : {};
        return { type: 'reaction', reaction: { message_id: target.id, ...emoji } };
      }
      case 'location':
        return { type: 'location', location: { latitude: body.latitude, longitude: body.longitude } };
      case 'order':
        return {
          type: 'order',
          order: {
            catalog_id: account.waba.catalogId ?? `catalog-${account.waba.wabaId}`,
            text: body.text ?? '',
            product_items: await cartItems(body.items!, account.waba.shop, priceOf),
          },
        };
      case 'raw':
        return body.message!;
    }
  }

  private reply(customer: Customer, account: Account, body: PhoneMessageBody): Json {
    const target = this.seen(customer, account, body.messageId!);
    const content = body.type === 'list_reply' ? listReply(target, body.id!) : buttonReply(target, body.id!);
    if (!content) throw problem(422, `Message ${target.id} offers nothing to tap with the id ${body.id!}`);
    return {
      ...content,
      context: { from: account.number.displayPhoneNumber.replace(/\D/g, ''), id: target.id },
    };
  }

  private seen(customer: Customer, account: Account, messageId: string): ThreadMessage {
    const message = this.threads.get(messageId);
    if (message?.customerId !== customer.customerId || message.phoneNumberId !== account.number.id) {
      throw problem(422, `Message ${messageId} is not in this thread`);
    }
    return message;
  }

  private view(customer: Customer): CustomerView {
    const waba = this.store.wabas.all()[0];
    const { customerId, name, phone, hidePhone } = customer;
    return {
      customerId,
      name,
      phone: `+${phone}`,
      hidePhone,
      userId: waba ? userIdFor(customer, waba.portfolioId) : null,
    };
  }

  private freeNumber(): string {
    for (;;) {
      const phone = `97150${randomInt(1_000_000, 10_000_000)}`;
      if (!this.store.customerByPhone(phone)) return phone;
    }
  }
}

/** `item_price` is a plain number in the currency's main unit, as the customer's phone saw it in the catalog. */
async function cartItems(
  items: CartItemBody[],
  shop: string | undefined,
  priceOf: PriceLookup,
): Promise<Json[]> {
  return Promise.all(
    items.map(async (item) => {
      const price = item.price ??
        (shop ? await priceOf(shop, item.sku) : undefined) ?? { minor: 0, currency: 'USD' };
      return {
        product_retailer_id: item.sku,
        quantity: item.quantity,
        item_price: price.minor / 10 ** decimals(price.currency),
        currency: price.currency,
      };
    }),
  );
}

function decimals(currency: string): number {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}
