import { Inject, Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { Merchants } from '../onboarding/merchants.js';
import { hideLinks } from '../operations/mask.js';
import { EXPORTED, withoutSecrets, type ExportedTable } from './merchant-tables.js';

/** Rows read in one transaction, of up to 256 KiB each: memory stays small however much there is. */
const PAGE = 100;

/** Everything of a merchant, line by line. */
@Injectable()
export class MerchantExport {
  constructor(
    private readonly merchants: Merchants,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
    private readonly log: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * JSON lines: a first one that says whose export it is, a row each, and a last one with their number, without which
   * the export is not whole. @throws Refusal `not_found`, before the first line.
   */
  async of(merchantId: string): Promise<AsyncGenerator<string>> {
    await this.merchants.find(merchantId);
    await this.audit.note({ merchantId, action: 'merchant.export', target: merchantId });
    return this.logged(merchantId, this.lines(merchantId));
  }

  /** Whoever reads sees no more than that the export ends too early. */
  private async *logged(merchantId: string, lines: AsyncGenerator<string>): AsyncGenerator<string> {
    try {
      yield* lines;
    } catch (error) {
      this.log.error({ event: 'export.broken', merchantId, err: error });
      throw error;
    }
  }

  private async *lines(merchantId: string): AsyncGenerator<string> {
    let rows = 0;
    yield line({ export: 'waco.merchant.v1', merchantId, at: this.clock.now().toISOString() });
    for (const table of EXPORTED) {
      for await (const row of this.rows(merchantId, table)) {
        rows++;
        yield line({
          table: table.name.replace(/_seen$/, ''),
          row: hideLinks(withoutSecrets(table.name, row)),
        });
      }
    }
    yield line({ end: true, rows });
  }

  private async *rows(
    merchantId: string,
    { name, key }: ExportedTable,
  ): AsyncGenerator<Record<string, unknown>> {
    const places = key.map(([column], i) => `${column}::text AS k${i}`);
    const list = key.map(([column]) => column).join(', ');
    const after = key.map(([, type], i) => `$${i + 2}::${type}`).join(', ');
    for (let last: unknown[] | undefined, more = true; more;) {
      const page = await this.tenants.transaction(
        merchantId,
        (tx) =>
          tx.query(
            // Not to_jsonb, which refuses some texts that a json column holds.
            `SELECT to_json(t) AS row, ${places.join(', ')}
             FROM ${name} t
             WHERE merchant_id = $1 ${last ? `AND (${list}) > (${after})` : ''} ORDER BY ${list} LIMIT ${PAGE}`,
            [merchantId, ...(last ?? [])],
          ) as Promise<({ row: Record<string, unknown> } & Record<string, unknown>)[]>,
      );
      for (const { row } of page) yield row;
      more = page.length === PAGE;
      const end = page.at(-1);
      if (end) last = key.map((_, i) => end[`k${i}`]);
    }
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
