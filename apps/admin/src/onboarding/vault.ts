import { Inject, Injectable } from '@nestjs/common';
import { KEY_RING, secretBinding } from '#persistence';
import { seal, unseal, type KeyRing } from '#platform';

/** Seals merchants' secrets before they are stored, bound to their row and column. */
@Injectable()
export class Vault {
  constructor(@Inject(KEY_RING) private readonly ring: KeyRing) {}

  seal(table: string, id: string, column: string, secret: string): string {
    return seal(secret, secretBinding(table, id, column), this.ring);
  }

  /** The stored configuration as it is now, without the few seconds that other services may remember it for. */
  open(table: string, id: string, column: string, sealed: string): string {
    return unseal(sealed, secretBinding(table, id, column), this.ring);
  }
}
