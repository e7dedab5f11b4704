import type { SecretBox } from '#platform';
import type { Settings } from './entities.js';

/** The text a secret is bound to: its table, row and column. A sealed value moved elsewhere does not open. */
export function secretBinding(table: string, id: string, column: string): string {
  return `${table}/${id}/${column}`;
}

/** Where the release before keeps fields of its own kinds. It reads nothing else. */
export const OLD_COLUMNS = {
  channel_accounts: { accessToken: 'access_token' },
  store_connections: { baseUrl: 'base_url', apiKey: 'api_key', webhookSecret: 'webhook_secret' },
  payment_providers: { secretKey: 'secret_key', webhookSecret: 'webhook_secret' },
} as const;

export type VendorTable = keyof typeof OLD_COLUMNS;

/** A row of one of these tables: its columns of before have the names of the fields. */
export interface SealedFields {
  id: string;
  settings: Settings;
  credentials: string | null;
}

/** What a merchant gives for a vendor's fields. */
export interface Given {
  settings: Settings;
  credentials: Settings;
  before: boolean;
}

/** Seals what a merchant gave for a vendor's fields, and opens it: one document for the secrets, bound to its row. */
export class FieldBox {
  constructor(private readonly secrets: SecretBox) {}

  /** Every field's value by its name. */
  async open(table: VendorTable, row: SealedFields): Promise<Settings> {
    if (row.credentials === null) return this.openOld(table, row);
    const document = await this.secrets.open(row.credentials, secretBinding(table, row.id, 'credentials'));
    return { ...row.settings, ...(JSON.parse(document) as Settings) };
  }

  /**
   * The columns for `settings` and `credentials`, in plain text. `before`: the release before has columns of its own for this
   * vendor, and finds in them what it knows.
   */
  async seal<R extends SealedFields>(
    table: VendorTable,
    id: string,
    { settings, credentials, before }: Given,
  ): Promise<Pick<R, 'settings' | 'credentials'> & Partial<R>> {
    const seal = (column: string, text: string): Promise<string> =>
      this.secrets.seal(text, secretBinding(table, id, column));
    const old: Record<string, string | null> = {};
    for (const [field, column] of Object.entries(OLD_COLUMNS[table])) {
      const secret = before ? credentials[field] : undefined;
      const plain = before ? (settings[field] ?? null) : null;
      old[field] = secret === undefined ? plain : await seal(column, secret);
    }
    const sealed = await seal('credentials', JSON.stringify(credentials));
    return { ...old, settings, credentials: sealed } as Pick<R, 'settings' | 'credentials'> & Partial<R>;
  }

  private async openOld(table: VendorTable, row: SealedFields): Promise<Settings> {
    const fields: Record<string, string> = { ...row.settings };
    for (const [field, column] of Object.entries(OLD_COLUMNS[table])) {
      const value = (row as SealedFields & Record<string, unknown>)[field];
      if (typeof value !== 'string') continue;
      // An address is no secret.
      fields[field] = column.endsWith('_url')
        ? value
        : await this.secrets.open(value, secretBinding(table, row.id, column));
    }
    return fields;
  }
}
