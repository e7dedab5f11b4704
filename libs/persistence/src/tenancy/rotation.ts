import type { DataSource, EntityManager } from 'typeorm';
import type { SecretBox } from '#platform';
import { Tenants } from '../tenants.js';
import { OLD_COLUMNS, secretBinding, type VendorTable } from './field-box.js';

/** Where sealed secrets are. Each is bound to its table, its row's id and its column. */
export interface SealedColumn {
  /** In schema `tenancy`. */
  table: string;
  column: string;
  /** SQL of the row's id, as its binding names it. */
  id: string;
}

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'channel_accounts', column: 'credentials', id: 'id' },
  { table: 'store_connections', column: 'credentials', id: 'id' },
  { table: 'payment_providers', column: 'credentials', id: 'id' },
  { table: 'channel_accounts', column: 'access_token', id: 'id' },
  { table: 'store_connections', column: 'api_key', id: 'id' },
  { table: 'store_connections', column: 'webhook_secret', id: 'id' },
  { table: 'payment_providers', column: 'secret_key', id: 'id' },
  { table: 'payment_providers', column: 'webhook_secret', id: 'id' },
  { table: 'meta_apps', column: 'app_secret', id: 'id' },
  { table: 'meta_apps', column: 'verify_token', id: 'id' },
  { table: 'former_webhook_secrets', column: 'secret', id: 'id' },
  { table: 'idempotency_keys', column: 'response', id: `caller || '/' || key_hash` },
];

export interface RotationOptions {
  /** Secrets in one transaction at most; a row is locked only while its batch is written. */
  batch?: number;
  onProgress?: (progress: Rotation) => void;
}

export interface Rotation {
  keyId: string;
  /** Rows of the release before whose secrets this run has made one document. */
  converted: number;
  /** Put under the current key by this run. */
  rotated: number;
  /** Seen under an older key, but changed by somebody else meanwhile: looked at again. */
  overtaken: number;
  /** Secrets that do not open, by their binding: their key is lost, or they were tampered with. They stay as they are. */
  unreadable: string[];
}

const TABLES = Object.keys(OLD_COLUMNS) as VendorTable[];

/** What belongs to no merchant, such as an operator's requests. */
const NOBODY = '';

interface SealedRow {
  /** Index in {@link SEALED_COLUMNS}. */
  column: number;
  id: string;
  sealed: string;
}

/**
 * Puts every sealed secret under the current master key, and gives rows of the release before their document, while
 * services go on reading and writing: a value is only ever replaced by another one that opens to the same secret, and
 * only if nobody has replaced it since. May be killed at any point and run again; a run after a complete one changes
 * nothing. Connects as `waco_admin`.
 */
export async function rotateSecrets(
  database: DataSource,
  box: SecretBox,
  { batch = 200, onProgress }: RotationOptions = {},
): Promise<Rotation> {
  const tenants = new Tenants(database);
  const progress: Rotation = {
    keyId: await box.currentKeyId(),
    converted: 0,
    rotated: 0,
    overtaken: 0,
    unreadable: [],
  };
  const unreadable = new Set<string>();
  // A service that has not heard of the key yet may still seal under the old one: until a whole pass finds nothing. What the
  // release before goes on writing has no document again: those are for a run when it is gone.
  for (let before = -1; before !== progress.rotated + progress.overtaken;) {
    before = progress.rotated + progress.overtaken;
    for await (const merchantId of merchants(database)) {
      await rotateRows(merchantId);
      await convertRows(merchantId);
    }
    await rotateRows(NOBODY);
  }
  return progress;

  async function convertRows(merchantId: string): Promise<void> {
    const rows = await tenants.transaction(merchantId, (tx) => withoutDocument(tx, merchantId));
    const documents: (RowOfBefore & { document: string })[] = [];
    for (const row of rows) {
      const credentials: Record<string, string> = {};
      for (const { field, column, sealed } of row.secrets) {
        const binding = secretBinding(row.table, row.id, column);
        const secret = await opening(binding, () => box.open(sealed, binding));
        if (secret !== undefined) credentials[field] = secret;
      }
      if (Object.keys(credentials).length < row.secrets.length) continue;
      const binding = secretBinding(row.table, row.id, 'credentials');
      documents.push({ ...row, document: await box.seal(JSON.stringify(credentials), binding) });
    }
    progress.unreadable = [...unreadable];
    if (documents.length === 0) return;
    await tenants.transaction(merchantId, async (tx) => {
      await tx.query(`SELECT set_config('waco.rotation', 'on', true)`);
      for (const row of documents) {
        if (await giveDocument(tx, row)) progress.converted++;
        else progress.overtaken++;
      }
    });
  }

  /** Undefined, and noted, for what does not open. */
  async function opening<T>(binding: string, open: () => Promise<T>): Promise<T | undefined> {
    try {
      return await open();
    } catch (error) {
      if (isOutage(error)) throw error;
      unreadable.add(binding);
      return undefined;
    }
  }

  async function rotateRows(merchantId: string): Promise<void> {
    for (;;) {
      const rows = await tenants.transaction(merchantId, (tx) =>
        outdated(tx, merchantId, progress.keyId, [...unreadable], batch),
      );
      if (rows.length > 0) {
        // Wrapping may be a call over the network: not within a transaction.
        const renewed = await rewrapAll(rows);
        await tenants.transaction(merchantId, async (tx) => {
          await tx.query(`SELECT set_config('waco.rotation', 'on', true)`);
          for (const row of renewed) {
            if (await replace(tx, row)) progress.rotated++;
            else progress.overtaken++;
          }
        });
        progress.unreadable = [...unreadable];
        onProgress?.({ ...progress });
      }
      if (rows.length < batch) return;
    }
  }

  async function rewrapAll(rows: SealedRow[]): Promise<(SealedRow & { renewed: string })[]> {
    const results = await Promise.all(
      rows.map(async (row) => {
        const { table, column } = SEALED_COLUMNS[row.column]!;
        const binding = secretBinding(table, row.id, column);
        const renewed = await opening(binding, () => box.rewrap(row.sealed, binding));
        return renewed === undefined ? [] : [{ ...row, renewed }];
      }),
    );
    return results.flat();
  }
}

/** A key management service that is away has refused nothing: the run stops, and is started again later. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && /^KMS: \w+ (was not answered|answered (429|5\d\d))$/.test(error.message);
}

async function* merchants(database: DataSource): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const rows = (await database.query(
      `SELECT merchant_id AS id FROM tenancy.merchants WHERE merchant_id > $1 ORDER BY merchant_id LIMIT 500`,
      [after],
    )) as { id: string }[];
    for (const { id } of rows) yield id;
    if (rows.length === 0) return;
    after = rows.at(-1)!.id;
  }
}

/** A row as the release before wrote it: its secrets, with the fields that they are of. */
interface RowOfBefore {
  table: VendorTable;
  id: string;
  secrets: { field: string; column: string; sealed: string }[];
}

/** Where the release before keeps a vendor's secrets; an address is none. */
function secretColumns(table: VendorTable): [field: string, column: string][] {
  return Object.entries(OLD_COLUMNS[table]).filter(([field]) => field !== 'baseUrl');
}

/** Of what a merchant has given up nothing is left that opens. */
async function withoutDocument(tx: EntityManager, merchantId: string): Promise<RowOfBefore[]> {
  const found: RowOfBefore[] = [];
  for (const table of TABLES) {
    const columns = secretColumns(table);
    const rows = (await tx.query(
      `SELECT id, ${columns.map(([field, column]) => `${column} AS "${field}"`).join(', ')} FROM tenancy.${table}
       WHERE merchant_id = $1 AND credentials IS NULL`,
      [merchantId],
    )) as Record<string, string | null>[];
    for (const row of rows) {
      const secrets = columns
        .map(([field, column]) => ({ field, column, sealed: row[field] ?? '' }))
        .filter(({ sealed }) => sealed.startsWith('v1.'));
      if (secrets.length > 0) found.push({ table, id: row.id!, secrets });
    }
  }
  return found;
}

/** @returns whether the row was still as it was read. */
async function giveDocument(
  tx: EntityManager,
  { table, id, secrets, document }: RowOfBefore & { document: string },
): Promise<boolean> {
  const same = secrets.map(({ column }, i) => `${column} = $${i + 3}`);
  const result = (await tx.queryRunner!.query(
    `UPDATE tenancy.${table} SET credentials = $2 WHERE id = $1 AND credentials IS NULL AND ${same.join(' AND ')}`,
    [id, document, ...secrets.map(({ sealed }) => sealed)],
    true,
  )) as { affected?: number };
  return result.affected === 1;
}

async function outdated(
  tx: EntityManager,
  merchantId: string,
  keyId: string,
  unreadable: string[],
  limit: number,
): Promise<SealedRow[]> {
  const parts = SEALED_COLUMNS.map(
    ({ table, column, id }, index) =>
      `SELECT ${index} AS "column", ${id} AS id, ${column} AS sealed FROM tenancy.${table}
       WHERE merchant_id IS NOT DISTINCT FROM nullif($4, '') AND ${column} LIKE 'v1.%' AND NOT starts_with(${column}, $1)
         AND '${table}/' || ${id} || '/${column}' <> ALL ($2::text[])`,
  );
  const sql = `${parts.join(' UNION ALL ')} LIMIT $3`;
  return (await tx.query(sql, [`v1.${keyId}.`, unreadable, limit, merchantId])) as SealedRow[];
}

async function replace(tx: EntityManager, row: SealedRow & { renewed: string }): Promise<boolean> {
  const { table, column, id } = SEALED_COLUMNS[row.column]!;
  const result = (await tx.queryRunner!.query(
    `UPDATE tenancy.${table} SET ${column} = $3 WHERE ${id} = $1 AND ${column} = $2`,
    [row.id, row.sealed, row.renewed],
    true,
  )) as { affected?: number };
  return result.affected === 1;
}
