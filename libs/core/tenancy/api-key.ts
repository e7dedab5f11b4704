import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * What a key may do. Reading and writing of a merchant's onboarding, of its running business, of keys, of the audit log;
 * seeing customers' phone numbers in full.
 */
export const API_SCOPES = [
  'merchants:read',
  'merchants:write',
  'operations:read',
  'operations:write',
  'keys:read',
  'keys:write',
  'audit:read',
  'people:unmask',
] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** Words that stand for all scopes that need not be named, on operators' and merchants' keys made without a choice. */
export const ALL_OPERATOR = 'operator';
export const ALL_MERCHANT = 'merchant';

/** Who is calling, once the key has been accepted. */
export type Caller = { keyId: string; scopes: readonly ApiScope[] } & (
  { kind: 'operator' } | { kind: 'merchant'; merchantId: string }
);

/** What is kept of a key: never the key itself. */
export interface StoredApiKey {
  id: string;
  merchantId: string | null;
  /** SHA-256 of the whole key, hex. */
  hash: string;
  scopes: readonly string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export type KeyVerdict =
  { outcome: 'accepted'; caller: Caller } | { outcome: 'refused'; reason: 'unknown' | 'expired' | 'revoked' };

const GRAMMAR = /^waco_([a-z0-9]{1,64})_([A-Za-z0-9]{32,})$/;

/** The id of the key that the platform's environment gives, and the row that a key of another form is looked up under. */
export const BOOTSTRAP_KEY_ID = 'key_bootstrap';

/**
 * Writes out a key: `waco_<id>_<secret>`. `keyId` is the row's id (`key_<hex>`).
 * @throws Error when the result would not be read back, e.g. for a secret shorter than 32 characters.
 */
export function formatApiKey(keyId: string, secret: string): string {
  const key = `waco_${keyId.replace(/^key_/, '')}_${secret}`;
  if (!GRAMMAR.test(key))
    throw new Error('an API key needs an id and a secret of 32 letters and digits or more');
  return key;
}

/** Rows that may hold this key: the one it names, and the bootstrap key's, which may have any form. */
export function candidateKeyIds(presented: string): string[] {
  const id = GRAMMAR.exec(presented)?.[1];
  return id && id !== 'bootstrap' ? [`key_${id}`, BOOTSTRAP_KEY_ID] : [BOOTSTRAP_KEY_ID];
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** Compares hashes in constant time; says why a key that exists is no longer good. */
export function verifyApiKey(presented: string, rows: readonly StoredApiKey[], now: Date): KeyVerdict {
  const hash = Buffer.from(hashApiKey(presented), 'hex');
  const row = rows.find((r) => {
    const stored = Buffer.from(r.hash, 'hex');
    return stored.length === hash.length && timingSafeEqual(stored, hash);
  });
  return row ? judgeKey(row, now) : { outcome: 'refused', reason: 'unknown' };
}

/** Whether a stored key is good now, whoever presents it: for sessions that were opened with it. */
export function judgeKey(row: StoredApiKey, now: Date): KeyVerdict {
  if (row.revokedAt && row.revokedAt <= now) return { outcome: 'refused', reason: 'revoked' };
  if (row.expiresAt && row.expiresAt <= now) return { outcome: 'refused', reason: 'expired' };
  const scopes = scopesOf(row);
  // A key without a scope that is good for its kind opens nothing: it is as if there were none.
  if (scopes.length === 0) return { outcome: 'refused', reason: 'unknown' };
  const { id: keyId, merchantId } = row;
  const caller: Caller =
    merchantId === null
      ? { kind: 'operator', keyId, scopes }
      : { kind: 'merchant', keyId, merchantId, scopes };
  return { outcome: 'accepted', caller };
}

/** The scopes that a stored key has. A merchant's key never becomes an operator's, whatever its scopes say. */
export function scopesOf(row: Pick<StoredApiKey, 'merchantId' | 'scopes'>): readonly ApiScope[] {
  const [word, whole] = wholeOf(row.merchantId);
  const named = new Set(row.scopes.includes(word) ? [...row.scopes, ...whole] : row.scopes);
  return API_SCOPES.filter((scope) => named.has(scope));
}

/** What a key for `merchantId` (null: an operator's) gets to store when its maker names no scopes. */
export function scopesByDefault(caller: Caller, merchantId: string | null): string[] {
  const [word, whole] = wholeOf(merchantId);
  const given = whole.filter((scope) => caller.scopes.includes(scope));
  return given.length === whole.length ? [word] : given;
}

/** To see numbers in full is never given to a merchant's key unasked: not to those that there are, nor by mistake. */
function wholeOf(merchantId: string | null): [word: string, scopes: readonly ApiScope[]] {
  return merchantId === null
    ? [ALL_OPERATOR, API_SCOPES]
    : [ALL_MERCHANT, API_SCOPES.filter((scope) => scope !== 'people:unmask')];
}

/** Which of these scopes the caller does not have, and so may not give to a key or take over with one. */
export function scopesBeyond(caller: Caller, wanted: readonly ApiScope[]): ApiScope[] {
  return wanted.filter((scope) => !caller.scopes.includes(scope));
}

/** Whether the caller may see and change what belongs to this merchant. */
export function mayActFor(caller: Caller, merchantId: string): boolean {
  return caller.kind === 'operator' || caller.merchantId === merchantId;
}
