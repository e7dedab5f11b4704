import {
  type AvailableStock,
  type ID,
  type Injector,
  type LocationWithQuantity,
  type OrderLine,
  type RequestContext,
  StockLevel,
  type StockLocation,
  type StockLocationStrategy,
  TransactionalConnection,
} from '@vendure/core';
import { WacoHoldLine } from './hold.entity';

/** Pieces of a variant that are held now, by the database's clock. */
export async function heldPieces(
  connection: TransactionalConnection,
  ctx: RequestContext,
  variantId: ID,
): Promise<number> {
  const sum = await connection
    .getRepository(ctx, WacoHoldLine)
    .createQueryBuilder('line')
    .innerJoin('line.hold', 'hold')
    .select('COALESCE(SUM(line.quantity), 0)', 'pieces')
    .where('line.variantId = :variantId AND hold.orderId IS NULL', { variantId })
    .andWhere(`(hold.status = 'committed' OR (hold.status = 'held' AND hold.expiresAt > clock_timestamp()))`)
    .getRawOne<{ pieces: string }>();
  return Number(sum?.pieces ?? 0);
}

/**
 * Lets nobody else change what these variants have in stock until this transaction ends. What is read after it is true
 * until then. Does nothing outside a transaction.
 */
export async function lockStock(
  connection: TransactionalConnection,
  ctx: RequestContext,
  variantIds: ID[],
): Promise<void> {
  const levels = connection.getRepository(ctx, StockLevel);
  if (!levels.manager.queryRunner?.isTransactionActive || variantIds.length === 0) return;
  await levels
    .createQueryBuilder('level')
    .setLock('pessimistic_write')
    .where('level.productVariantId IN (:...variantIds)', { variantIds })
    .orderBy('level.id')
    .getMany();
}

/**
 * The shop's own strategy, to which held pieces are allocated ones: the storefront does not sell them. Each movement of
 * stock locks it first. Vendure 3.7 reads, adds and writes without a lock, so that of two payments at the same moment one
 * is not counted.
 */
export class HeldStock implements StockLocationStrategy {
  private connection: TransactionalConnection;

  constructor(private readonly inner: StockLocationStrategy) {}

  async init(injector: Injector): Promise<void> {
    this.connection = injector.get(TransactionalConnection);
    await this.inner.init?.(injector);
  }

  async destroy(): Promise<void> {
    await this.inner.destroy?.();
  }

  async getAvailableStock(ctx: RequestContext, variantId: ID, levels: StockLevel[]): Promise<AvailableStock> {
    const { stockOnHand, stockAllocated } = await this.inner.getAvailableStock(ctx, variantId, levels);
    return {
      stockOnHand,
      stockAllocated: stockAllocated + (await heldPieces(this.connection, ctx, variantId)),
    };
  }

  forAllocation(ctx: RequestContext, locations: StockLocation[], line: OrderLine, quantity: number) {
    return this.locked(ctx, line, () => this.inner.forAllocation(ctx, locations, line, quantity));
  }

  forRelease(ctx: RequestContext, locations: StockLocation[], line: OrderLine, quantity: number) {
    return this.locked(ctx, line, () => this.inner.forRelease(ctx, locations, line, quantity));
  }

  forSale(ctx: RequestContext, locations: StockLocation[], line: OrderLine, quantity: number) {
    return this.locked(ctx, line, () => this.inner.forSale(ctx, locations, line, quantity));
  }

  forCancellation(ctx: RequestContext, locations: StockLocation[], line: OrderLine, quantity: number) {
    return this.locked(ctx, line, () => this.inner.forCancellation(ctx, locations, line, quantity));
  }

  private async locked(
    ctx: RequestContext,
    line: OrderLine,
    choose: () => LocationWithQuantity[] | Promise<LocationWithQuantity[]>,
  ): Promise<LocationWithQuantity[]> {
    await lockStock(this.connection, ctx, [line.productVariantId]);
    return choose();
  }
}
