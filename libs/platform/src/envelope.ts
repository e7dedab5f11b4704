import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isBase64url } from './crypto.js';
import type { KeyRing } from './key-ring.js';

/** A data key under a master key: useless without it. */
export interface WrappedKey {
  /** Letters, digits, `_` and `-`. */
  keyId: string;
  wrapped: string;
}

/**
 * Who holds master keys: a ring in this process, or a key management service that never gives them away.
 * `boundTo` is authenticated: a key that is unwrapped for anything else is refused.
 */
export interface KeyWrapper {
  /** Whether it is this one that unwraps what `keyId` wrapped. */
  knows(keyId: string): boolean;
  /** The key that wraps now. */
  currentKeyId(): Promise<string>;
  wrap(dataKey: Buffer, boundTo: string): Promise<WrappedKey>;
  /** @throws Error when the key is unknown, the text was changed or it was bound elsewhere. */
  unwrap(key: WrappedKey, boundTo: string): Promise<Buffer>;
}

/** Master keys in this process. */
export class LocalKeyWrapper implements KeyWrapper {
  constructor(private readonly ring: KeyRing) {}

  knows(keyId: string): boolean {
    return !keyId.startsWith('kms-');
  }

  currentKeyId(): Promise<string> {
    return Promise.resolve(this.ring.current);
  }

  wrap(dataKey: Buffer, boundTo: string): Promise<WrappedKey> {
    return Promise.resolve(wrapWith(this.ring, dataKey, boundTo));
  }

  async unwrap({ keyId, wrapped }: WrappedKey, boundTo: string): Promise<Buffer> {
    return decrypt(wrapped, masterKey(this.ring, keyId), boundTo);
  }
}

/**
 * Seals secrets with envelope encryption: a fresh data key encrypts the secret, a master key wraps the data key, both
 * with AES-256-GCM. `boundTo` is authenticated with both, so that a sealed value copied to another row does not open.
 * Format: `v1.<key id>.<wrapped data key>.<sealed secret>`.
 */
export class SecretBox {
  /** `current` seals; what it does not know, one of `others` opens. */
  constructor(
    private readonly current: KeyWrapper,
    private readonly others: readonly KeyWrapper[] = [],
  ) {}

  async seal(secret: string, boundTo: string): Promise<string> {
    const dataKey = randomBytes(32);
    const key = await this.current.wrap(dataKey, boundTo);
    return format(key, encrypt(Buffer.from(secret, 'utf8'), dataKey, boundTo));
  }

  /** @throws Error when the key is unknown, the text was changed or it was bound elsewhere. */
  async open(sealed: string, boundTo: string): Promise<string> {
    const { key, body } = parse(sealed);
    const dataKey = await this.holder(key.keyId).unwrap(key, boundTo);
    return decrypt(body, dataKey, boundTo).toString('utf8');
  }

  /**
   * The same secret with its data key under the current master key; undefined when it is so already. The secret
   * itself is opened to be sure that it can be, and is not encrypted anew.
   * @throws Error as `open` does.
   */
  async rewrap(sealed: string, boundTo: string): Promise<string | undefined> {
    const { key, body } = parse(sealed);
    if (key.keyId === (await this.current.currentKeyId())) return undefined;
    const dataKey = await this.holder(key.keyId).unwrap(key, boundTo);
    decrypt(body, dataKey, boundTo);
    return format(await this.current.wrap(dataKey, boundTo), body);
  }

  currentKeyId(): Promise<string> {
    return this.current.currentKeyId();
  }

  private holder(keyId: string): KeyWrapper {
    return [this.current, ...this.others].find((wrapper) => wrapper.knows(keyId)) ?? unknownKey(keyId);
  }
}

/** {@link SecretBox.seal} with keys of this process. */
export function seal(secret: string, boundTo: string, ring: KeyRing): string {
  const dataKey = randomBytes(32);
  return format(wrapWith(ring, dataKey, boundTo), encrypt(Buffer.from(secret, 'utf8'), dataKey, boundTo));
}

/** {@link SecretBox.open} with keys of this process. @throws Error as that does. */
export function unseal(sealed: string, boundTo: string, ring: KeyRing): string {
  const { key, body } = parse(sealed);
  const dataKey = decrypt(key.wrapped, masterKey(ring, key.keyId), boundTo);
  return decrypt(body, dataKey, boundTo).toString('utf8');
}

function format({ keyId, wrapped }: WrappedKey, body: string): string {
  return ['v1', keyId, wrapped, body].join('.');
}

function parse(sealed: string): { key: WrappedKey; body: string } {
  const [version, keyId, wrapped, body, ...more] = sealed.split('.');
  if (version !== 'v1' || !keyId || !wrapped || !body || more.length > 0) {
    throw new Error('not a sealed secret');
  }
  return { key: { keyId, wrapped }, body };
}

function wrapWith(ring: KeyRing, dataKey: Buffer, boundTo: string): WrappedKey {
  const keyId = ring.current;
  return { keyId, wrapped: encrypt(dataKey, masterKey(ring, keyId), boundTo) };
}

function masterKey(ring: KeyRing, id: string): Buffer {
  if (!ring.keys.has(id)) ring.refresh?.(); // another process may have heard of a new key first
  return ring.keys.get(id) ?? unknownKey(id);
}

function unknownKey(id: string): never {
  throw new Error(`master key ${id} is not in the key ring`);
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

function encrypt(plain: Buffer, key: Buffer, aad: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
}

/** Only the text that `encrypt` made is accepted. */
function decrypt(text: string, key: Buffer, aad: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES || !isBase64url(text)) {
    throw new Error('not a sealed secret');
  }
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  }).setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}
