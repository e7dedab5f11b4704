import { Injectable } from '@nestjs/common';
import { secretBinding } from '#persistence';
import { SecretBox } from '#platform';

/** Seals merchants' secrets before they are stored, bound to their row and column. */
@Injectable()
export class Vault {
  constructor(private readonly secrets: SecretBox) {}

  seal(table: string, id: string, column: string, secret: string): Promise<string> {
    return this.secrets.seal(secret, secretBinding(table, id, column));
  }

  /** The stored configuration as it is now, without the few seconds that other services may remember it for. */
  open(table: string, id: string, column: string, sealed: string): Promise<string> {
    return this.secrets.open(sealed, secretBinding(table, id, column));
  }
}
