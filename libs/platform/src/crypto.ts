import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Compares two strings in constant time; different lengths are simply unequal. */
export function safeEqual(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Lowercase hex HMAC-SHA256. */
export function hmacSha256(secret: string, data: Buffer | string): string {
  return createHmac('sha256', secret).update(data).digest('hex');
}

/** Keys that seal secrets at rest: the current one seals, all of them open. 32 bytes each. */
export interface KeyRing {
  current: string;
  keys: ReadonlyMap<string, Buffer>;
}

/**
 * Parses `WACO_MASTER_KEYS`: `id:base64,id:base64`, the first being the current one.
 * @throws Error naming the rule when a key is not 32 bytes.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, Buffer>();
  for (const part of text.split(',')) {
    const [id, encoded] = part.trim().split(':');
    const key = Buffer.from(encoded ?? '', 'base64');
    if (!id || key.length !== 32) {
      throw new Error('WACO_MASTER_KEYS must be a list of id:key, each key 32 bytes in base64');
    }
    keys.set(id, key);
  }
  return { current: text.split(':')[0]!.trim(), keys };
}

/**
 * Seals a secret with envelope encryption: a fresh data key encrypts the secret, the current master key
 * encrypts the data key, both with AES-256-GCM. `boundTo` is authenticated with it, so that a sealed value
 * copied to another row does not open. Format: `v1.<key id>.<wrapped data key>.<sealed secret>`.
 */
export function seal(secret: string, boundTo: string, ring: KeyRing): string {
  const dataKey = randomBytes(32);
  const wrapped = encrypt(dataKey, masterKey(ring, ring.current), boundTo);
  const sealed = encrypt(Buffer.from(secret, 'utf8'), dataKey, boundTo);
  return ['v1', ring.current, wrapped, sealed].join('.');
}

/** Opens what {@link seal} made. @throws Error when the key is unknown, the text was changed or it was bound elsewhere. */
export function unseal(sealed: string, boundTo: string, ring: KeyRing): string {
  const [version, keyId, wrapped, body] = sealed.split('.');
  if (version !== 'v1' || !keyId || !wrapped || !body) throw new Error('not a sealed secret');
  const dataKey = decrypt(wrapped, masterKey(ring, keyId), boundTo);
  return decrypt(body, dataKey, boundTo).toString('utf8');
}

function masterKey(ring: KeyRing, id: string): Buffer {
  const key = ring.keys.get(id);
  if (!key) throw new Error(`master key ${id} is not in the key ring`);
  return key;
}

function encrypt(plain: Buffer, key: Buffer, aad: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
}

function decrypt(text: string, key: Buffer, aad: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
}
