import { readFileSync, statSync } from 'node:fs';
import { weaknessOfKeys } from './secrets/key-strength.js';

/** Keys that seal secrets at rest: the current one seals, all of them open. 32 bytes each. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
  /** Looks again whether there are new keys. A ring that cannot change has none. */
  refresh?(): void;
}

/** Of a process that opens and seals nothing: whatever it tries is refused, as an unknown key. */
export const NO_KEYS: KeyRing = { current: 'none', keys: new Map() };

/** Ids stand in sealed values, between full stops. */
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Parses `id:base64,id:base64`, the first being the current one; a line break separates as well as a comma.
 * @throws Error naming the rule, never the text: a key that is not 32 bytes, an id that is odd or there twice.
 */
export function parseKeyRing(text: string, name = 'WACO_MASTER_KEYS'): KeyRing {
  const keys = new Map<string, Buffer>();
  for (const part of text.trim().split(/\s*[,\n]\s*/)) {
    const [id = '', encoded = ''] = part.split(':');
    const key = Buffer.from(encoded, 'base64');
    if (!KEY_ID.test(id) || key.length !== 32) {
      throw new Error(`${name} must be a list of id:key, each key 32 bytes in base64`);
    }
    if (keys.has(id)) throw new Error(`${name} has two keys of one id`);
    keys.set(id, key);
  }
  return { current: keys.keys().next().value!, keys };
}

/** How often a key file is looked at, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/**
 * A key ring in a file, in the form that {@link parseKeyRing} takes. The file may be replaced while the process runs:
 * a change counts within a second, and at once where a value names a key that is not known yet. A file that cannot be
 * read or parsed, or in production has weak keys, changes nothing: the keys of before stay.
 */
export class FileKeyRing implements KeyRing {
  private ring: KeyRing;
  private seen: string;
  private lookedAt = 0;

  /** @throws Error naming the rule when the file is not usable at the start. */
  constructor(
    private readonly file: string,
    private readonly production = false,
  ) {
    this.seen = fingerprint(file);
    this.ring = read(file);
  }

  get current(): string {
    if (performance.now() - this.lookedAt > LOOK_EVERY_MS) this.refresh();
    return this.ring.current;
  }

  get keys(): ReadonlyMap<string, Buffer> {
    return this.ring.keys;
  }

  refresh(): void {
    this.lookedAt = performance.now();
    try {
      const now = fingerprint(this.file);
      if (now === this.seen) return;
      const ring = read(this.file);
      if (this.production && weaknessOfKeys([...ring.keys.values()])) return;
      this.ring = ring;
      this.seen = now;
    } catch {
      // Half written, or gone for a moment: looked at again.
    }
  }
}

/** Contents may change within one tick of the file system's clock; a replaced file has another number. */
function fingerprint(file: string): string {
  const { mtimeMs, ino, size } = statSync(file);
  return `${mtimeMs}/${ino}/${size}`;
}

function read(file: string): KeyRing {
  return parseKeyRing(readFileSync(file, 'utf8'), 'the file of WACO_MASTER_KEYS_FILE');
}

/**
 * The ring that the environment names: `WACO_MASTER_KEYS_FILE` before `WACO_MASTER_KEYS`.
 * @throws Error naming the variable and the rule.
 */
export function openKeyRing(env: {
  NODE_ENV?: string;
  WACO_MASTER_KEYS?: string;
  WACO_MASTER_KEYS_FILE?: string;
}): KeyRing {
  if (env.WACO_MASTER_KEYS_FILE) {
    try {
      return new FileKeyRing(env.WACO_MASTER_KEYS_FILE, env.NODE_ENV === 'production');
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new Error('WACO_MASTER_KEYS_FILE names a file that cannot be read', { cause: error });
    }
  }
  if (env.WACO_MASTER_KEYS) return parseKeyRing(env.WACO_MASTER_KEYS);
  throw new Error('WACO_MASTER_KEYS or WACO_MASTER_KEYS_FILE must be set');
}

function isMissing(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.code === 'string';
}
