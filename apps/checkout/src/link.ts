import { EncryptJWT, jwtDecrypt, errors } from 'jose';
import { isBase64url, parseKeyRing, type KeyRing } from '#platform';

/** What a checkout link says, to us only. */
export interface LinkClaims {
  orderRef: string;
  merchantId: string;
  /** Equal to the order's own, so that a link can be made void. */
  nonce: string;
}

/** Not a link to anything else of ours, whatever else these keys may come to encrypt. */
const PURPOSE = 'waco.checkout-link.v1';
const TYPE = 'waco-link+jwe';

/** Encrypts and opens checkout links: JWE, direct key, A256GCM. The current key encrypts, all of them open. */
export class LinkTokens {
  private readonly ring: KeyRing;

  /** `keys`: `id:base64,id:base64`, 32 bytes each, the current one first. @throws Error naming the rule. */
  constructor(keys: string) {
    this.ring = parseKeyRing(keys, 'CHECKOUT_LINK_KEYS');
  }

  make({ orderRef, merchantId, nonce }: LinkClaims, expiresAt: Date): Promise<string> {
    return new EncryptJWT({ o: orderRef, m: merchantId, n: nonce })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: this.ring.current, typ: TYPE })
      .setAudience(PURPOSE)
      .setExpirationTime(expiresAt)
      .encrypt(this.ring.keys.get(this.ring.current)!);
  }

  /**
   * Undefined for whatever is not a valid link now: why is nobody's business. A link has one spelling, so that whoever
   * blocks, counts or caches one by its text meets no other text that opens the same.
   */
  async open(token: string, now: Date): Promise<LinkClaims | undefined> {
    if (!token.split('.').every(isBase64url)) return undefined;
    try {
      const { payload } = await jwtDecrypt(token, (header) => this.key(header.kid), {
        audience: PURPOSE,
        typ: TYPE,
        currentDate: now,
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp'],
      });
      const { o, m, n } = payload;
      if (typeof o !== 'string' || typeof m !== 'string' || typeof n !== 'string') return undefined;
      return { orderRef: o, merchantId: m, nonce: n };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  private key(kid: string | undefined): Uint8Array {
    const key = kid === undefined ? undefined : this.ring.keys.get(kid);
    if (!key) throw new errors.JWEDecryptionFailed();
    return key;
  }
}
