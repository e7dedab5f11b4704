import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Sse,
  ValidationPipe,
  type MessageEvent,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Observable, Subject, takeUntil } from 'rxjs';
import { DeliveryService } from '../meta/delivery.service.js';
import { MetaStore } from '../meta/meta-store.js';
import type { Json, ThreadMessage } from '../meta/model.js';
import { Threads } from '../meta/threads.js';
import { CustomerBody, PhoneMessageBody } from './phone.dto.js';
import { PhoneService, type CustomerView, type PriceLookup } from './phone.service.js';

const KEEP_ALIVE_MS = 15_000;
const strict = () => new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/** The phone's JSON API, for its page and for headless tests. */
@Controller('phone/api')
export class PhoneController implements OnModuleDestroy {
  private readonly stopping = new Subject<void>();

  constructor(
    private readonly store: MetaStore,
    private readonly threads: Threads,
    private readonly delivery: DeliveryService,
    private readonly phone: PhoneService,
  ) {}

  /** Open event streams would hold up the stop; the page connects again by itself. */
  onModuleDestroy(): void {
    this.stopping.next();
  }

  @Get('businesses')
  businesses(): Json[] {
    return this.store.wabas.all().flatMap((waba) =>
      waba.phoneNumbers.map((number) => ({
        phoneNumberId: number.id,
        displayPhoneNumber: number.displayPhoneNumber,
        name: number.verifiedName,
        shop: waba.shop,
      })),
    );
  }

  @Get('customers')
  customers(): CustomerView[] {
    return this.phone.customers();
  }

  @Post('customers')
  createCustomer(@Body(strict()) body: CustomerBody): CustomerView {
    return this.phone.createCustomer(body);
  }

  @Get('threads/:customerId/:phoneNumberId')
  thread(
    @Param('customerId') customerId: string,
    @Param('phoneNumberId') phoneNumberId: string,
    @Query('after') after?: string,
  ): { seq: number; messages: Json[] } {
    this.phone.thread(customerId, phoneNumberId);
    const all = this.threads.list(customerId, phoneNumberId);
    const from = Number(after ?? 0) || 0;
    return { seq: all.length, messages: all.slice(from).map(view) };
  }

  /** New and changed messages as `message` events, the typing indicator as `typing`. */
  @Sse('threads/:customerId/:phoneNumberId/events')
  events(
    @Param('customerId') customerId: string,
    @Param('phoneNumberId') phoneNumberId: string,
  ): Observable<MessageEvent> {
    this.phone.thread(customerId, phoneNumberId);
    const events = new Observable<MessageEvent>((subscriber) => {
      const beat = setInterval(() => subscriber.next({ type: 'beat', data: '' }), KEEP_ALIVE_MS);
      const stop = this.threads.watch(customerId, phoneNumberId, (event) => {
        if (event.kind === 'item') subscriber.next({ data: view(event.item) });
        else subscriber.next({ type: 'typing', data: { until: event.until } });
      });
      return () => {
        clearInterval(beat);
        stop();
      };
    });
    return events.pipe(takeUntil(this.stopping));
  }

  @Post('threads/:customerId/:phoneNumberId/messages')
  async send(
    @Param('customerId') customerId: string,
    @Param('phoneNumberId') phoneNumberId: string,
    @Body(strict()) body: PhoneMessageBody,
    @Req() request: FastifyRequest,
  ): Promise<{ id: string }> {
    const lookUp = shopPrices(`http://127.0.0.1:${request.socket.localPort}`);
    const { id } = await this.phone.send(customerId, phoneNumberId, body, lookUp);
    return { id };
  }

  @Post('threads/:customerId/:phoneNumberId/read')
  @HttpCode(204)
  read(@Param('customerId') customerId: string, @Param('phoneNumberId') phoneNumberId: string): void {
    this.phone.thread(customerId, phoneNumberId);
    this.delivery.markRead(customerId, phoneNumberId);
  }
}

function view(item: ThreadMessage): Json {
  const { seq, id, direction, at, message, status, text, rendered } = item;
  return { seq, id, direction, at, message, status, text, ...(rendered ? { rendered } : {}) };
}

/** Prices from the shop's public product lookup, which may not know the product, or may not be there at all. */
function shopPrices(baseUrl: string): PriceLookup {
  return async (shop, sku) => {
    try {
      const url = `${baseUrl}/shops/${encodeURIComponent(shop)}/public/products/${encodeURIComponent(sku)}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (!response.ok) return undefined;
      const product = (await response.json()) as { price?: { minor?: unknown; currency?: unknown } };
      const { minor, currency } = product.price ?? {};
      return typeof minor === 'number' && typeof currency === 'string' ? { minor, currency } : undefined;
    } catch {
      return undefined; // the cart then carries no price, as when a catalog feed is stale
    }
  };
}
