import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ID, type RequestContext, TransactionalConnection, UserInputError } from '@vendure/core';
import { lockStock } from './held-stock';
import { WacoHold, WacoHoldLine } from './hold.entity';
import { pieces, WacoProducts } from './products';

export interface Line {
  sku: string;
  quantity: number;
}

export interface Short {
  sku: string;
  requested: number;
  available: number;
}

/** Lines of an order with the variants that they mean; two lines of one product are one. */
export interface Wanted extends Line {
  /** Undefined when the shop does not sell it. */
  variantId?: ID;
}

export type HoldState = 'held' | 'released' | 'committed' | 'expired' | 'unknown';

interface Found {
  state: HoldState;
  hold?: WacoHold;
}

const LONGEST_SECONDS = 86_400;

/** The ledger of holds. Each method wants to run in a transaction. */
@Injectable()
export class WacoHolds {
  constructor(
    private readonly connection: TransactionalConnection,
    private readonly products: WacoProducts,
  ) {}

  /** All lines or none. */
  async hold(
    ctx: RequestContext,
    asked: { key: string; orderRef: string; ttlSeconds: number; lines: Line[] },
  ): Promise<
    { outcome: 'held'; hold: WacoHold } | { outcome: 'short'; short: Short[] } | { outcome: 'key_reused' }
  > {
    const { key, orderRef, ttlSeconds } = asked;
    await this.alone(ctx, `hold:${key}`);
    const lines = merged(asked.lines);
    const print = fingerprint([orderRef, lines]);
    const earlier = await this.find(ctx, { key });
    if (earlier) {
      return earlier.asked === print ? { outcome: 'held', hold: earlier } : { outcome: 'key_reused' };
    }
    const wanted = await this.wanted(ctx, lines);
    await this.lock(ctx, wanted);
    const short = await this.shortOf(ctx, wanted);
    if (short.length > 0) return { outcome: 'short', short };
    const hold = await this.repository(ctx).save(
      Object.assign(new WacoHold(), {
        id: `hold_${randomUUID()}`,
        key,
        asked: print,
        orderRef,
        status: 'held',
        orderId: null,
        expiresAt: await this.endOf(ctx, ttlSeconds),
        lines: wanted.map(({ variantId, quantity }) =>
          Object.assign(new WacoHoldLine(), { variantId, quantity }),
        ),
      }),
    );
    return { outcome: 'held', hold };
  }

  async extend(ctx: RequestContext, id: string, ttlSeconds: number): Promise<Found> {
    const found = await this.open(ctx, id);
    if (found.state !== 'held' || !found.hold) return found;
    const until = await this.endOf(ctx, ttlSeconds);
    if (until > found.hold.expiresAt) found.hold.expiresAt = until;
    return this.keep(ctx, found.hold, 'held');
  }

  async release(ctx: RequestContext, id: string): Promise<Found> {
    const found = await this.open(ctx, id);
    return found.state === 'held' && found.hold ? this.keep(ctx, found.hold, 'released') : found;
  }

  async commit(ctx: RequestContext, id: string): Promise<Found> {
    const found = await this.open(ctx, id);
    return found.state === 'held' && found.hold ? this.keep(ctx, found.hold, 'committed') : found;
  }

  /** The hold with the stock of its variants locked, and what it is now. */
  async open(ctx: RequestContext, id: string): Promise<Found> {
    const seen = await this.find(ctx, { id });
    if (!seen) return { state: 'unknown' };
    await this.lock(ctx, seen.lines);
    const hold = await this.find(ctx, { id });
    if (!hold) return { state: 'unknown' };
    const over = hold.status === 'held' && hold.expiresAt <= (await this.now(ctx));
    return { state: over ? 'expired' : hold.status, hold };
  }

  /** From now on the pieces are counted as the order's. */
  async consume(ctx: RequestContext, hold: WacoHold, orderId: ID): Promise<void> {
    hold.orderId = String(orderId);
    await this.keep(ctx, hold, 'committed');
  }

  async wanted(ctx: RequestContext, lines: Line[]): Promise<Wanted[]> {
    const products = await this.products.bySku(
      ctx,
      lines.map((line) => line.sku),
    );
    return merged(lines).map((line) => {
      const product = products.find((p) => p.sku === line.sku && !p.gone);
      return { ...line, variantId: product?.variantId };
    });
  }

  lock(ctx: RequestContext, lines: { variantId?: ID }[]): Promise<void> {
    return lockStock(
      this.connection,
      ctx,
      lines.flatMap(({ variantId }) => variantId ?? []),
    );
  }

  /** What is missing. Pieces of `own` are there for the one who asks. */
  async shortOf(ctx: RequestContext, wanted: Wanted[], own?: WacoHold): Promise<Short[]> {
    const products = await this.products.bySku(
      ctx,
      wanted.map((line) => line.sku),
    );
    return wanted.flatMap(({ sku, quantity, variantId }) => {
      const product = products.find((p) => p.sku === sku && !p.gone);
      const mine = own?.lines.find((line) => String(line.variantId) === String(variantId))?.quantity ?? 0;
      const available = product ? pieces(product.free + mine) : 0;
      return available < quantity ? { sku, requested: quantity, available } : [];
    });
  }

  /** Until this transaction ends, nobody else is past this line with the same name. */
  async alone(ctx: RequestContext, name: string): Promise<void> {
    await this.repository(ctx).query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `waco:${name}`,
    ]);
  }

  private async keep(ctx: RequestContext, hold: WacoHold, status: WacoHold['status']): Promise<Found> {
    hold.status = status;
    await this.repository(ctx).save(hold);
    return { state: status, hold };
  }

  private find(ctx: RequestContext, where: { id: string } | { key: string }): Promise<WacoHold | null> {
    return this.repository(ctx).findOne({ where, relations: { lines: true } });
  }

  private async now(ctx: RequestContext): Promise<Date> {
    const [row] = await this.repository(ctx).query('SELECT clock_timestamp() AS now');
    return row.now as Date;
  }

  private async endOf(ctx: RequestContext, ttlSeconds: number): Promise<Date> {
    if (!(ttlSeconds >= 1 && ttlSeconds <= LONGEST_SECONDS)) {
      throw new UserInputError(`a hold lasts 1 to ${LONGEST_SECONDS} seconds`);
    }
    return new Date((await this.now(ctx)).getTime() + ttlSeconds * 1_000);
  }

  private repository(ctx: RequestContext) {
    return this.connection.getRepository(ctx, WacoHold);
  }
}

export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function merged(lines: Line[]): Line[] {
  if (lines.length === 0 || lines.length > 100) throw new UserInputError('there must be 1 to 100 lines');
  const bySku = new Map<string, number>();
  for (const { sku, quantity } of lines) {
    if (!(quantity >= 1)) throw new UserInputError('a quantity must be at least 1');
    bySku.set(sku, (bySku.get(sku) ?? 0) + quantity);
  }
  return [...bySku].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
}
