import { Injectable } from '@nestjs/common';
import {
  FieldBox,
  secretBinding,
  type Given,
  type SealedFields,
  type Settings,
  type VendorTable,
} from '#persistence';
import { SecretBox } from '#platform';

/** Seals merchants' secrets before they are stored, bound to their row and column. */
@Injectable()
export class Vault {
  private readonly fields: FieldBox;

  constructor(private readonly secrets: SecretBox) {
    this.fields = new FieldBox(secrets);
  }

  seal(table: string, id: string, column: string, secret: string): Promise<string> {
    return this.secrets.seal(secret, secretBinding(table, id, column));
  }

  /** The stored configuration as it is now, without the few seconds that other services may remember it for. */
  open(table: string, id: string, column: string, sealed: string): Promise<string> {
    return this.secrets.open(sealed, secretBinding(table, id, column));
  }

  /** The columns for what a merchant gave for a vendor's fields. */
  sealFields<R extends SealedFields>(table: VendorTable, id: string, given: Given): Promise<Partial<R>> {
    return this.fields.seal<R>(table, id, given) as Promise<Partial<R>>;
  }

  /** Every field's value by its name, as it is now. */
  openFields(table: VendorTable, row: SealedFields): Promise<Settings> {
    return this.fields.open(table, row);
  }

  /** The columns when some of the fields are given anew. */
  async change<R extends SealedFields>(table: VendorTable, row: R, given: Given): Promise<Partial<R>> {
    const settings = { ...row.settings, ...given.settings };
    const known = await this.openFields(table, row);
    const secrets = Object.entries(known).filter(([name]) => !(name in settings));
    const credentials = { ...Object.fromEntries(secrets), ...given.credentials };
    return this.sealFields(table, row.id, { settings, credentials, before: given.before });
  }
}
