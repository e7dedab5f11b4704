import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Tenants } from '#persistence';
import { Refusal } from '../refusal.js';

/** A merchant's rows, for looking at. */
@Injectable()
export class Reading {
  constructor(private readonly tenants: Tenants) {}

  /** @throws Refusal `not_found` when there is no such merchant. */
  of<T>(merchantId: string, look: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.tenants.transaction(merchantId, async (tx) => {
      const rows = (await tx.query(`SELECT FROM tenancy.merchants WHERE merchant_id = $1`, [
        merchantId,
      ])) as unknown[];
      if (rows.length === 0)
        throw new Refusal('not_found', 'merchant_not_found', 'there is no such merchant');
      return look(tx);
    });
  }
}
