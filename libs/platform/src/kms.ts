import type { KeyWrapper, WrappedKey } from './envelope.js';
import { LocalKeyWrapper, SecretBox } from './envelope.js';
import type { KeyRing } from './key-ring.js';

const PREFIX = 'kms-';
const TIMEOUT_MS = 3_000;
/** How long, and how many, opened data keys are remembered: configuration is read every few seconds. */
const REMEMBERED_MS = 300_000;
const REMEMBERED = 10_000;

export interface KmsOptions {
  /** Base address: `GET /current`, `POST /wrap`, `POST /unwrap`, as docs/security.md describes them. */
  url: string;
  /** Sent as a bearer token. */
  token?: string;
}

/**
 * A key management service behind HTTP, usually a small sidecar before the cloud's own. Master keys never enter this
 * process; data keys, once unwrapped, are remembered for five minutes. A failed call is the caller's to repeat.
 */
export class KmsKeyWrapper implements KeyWrapper {
  private readonly known = new Map<string, { until: number; dataKey: Buffer }>();

  constructor(private readonly options: KmsOptions) {}

  knows(keyId: string): boolean {
    return keyId.startsWith(PREFIX);
  }

  async currentKeyId(): Promise<string> {
    return this.named(await this.call('current'));
  }

  async wrap(dataKey: Buffer, boundTo: string): Promise<WrappedKey> {
    const answer = await this.call('wrap', { plaintext: dataKey.toString('base64'), context: boundTo });
    if (!/^[A-Za-z0-9_-]+$/.test(answer.ciphertext ?? ''))
      throw new Error('KMS: no ciphertext in the answer');
    return { keyId: this.named(answer), wrapped: answer.ciphertext! };
  }

  async unwrap({ keyId, wrapped }: WrappedKey, boundTo: string): Promise<Buffer> {
    const name = JSON.stringify([keyId, wrapped, boundTo]);
    const known = this.known.get(name);
    if (known && known.until > performance.now()) return known.dataKey;
    const answer = await this.call('unwrap', {
      keyId: keyId.slice(PREFIX.length),
      ciphertext: wrapped,
      context: boundTo,
    });
    const dataKey = Buffer.from(answer.plaintext ?? '', 'base64');
    if (dataKey.length !== 32) throw new Error('KMS: the answer holds no key of 32 bytes');
    if (this.known.size >= REMEMBERED) this.known.clear();
    this.known.set(name, { until: performance.now() + REMEMBERED_MS, dataKey });
    return dataKey;
  }

  private named({ keyId = '' }: KmsAnswer): string {
    if (!/^[A-Za-z0-9_-]{1,60}$/.test(keyId)) throw new Error('KMS: the answer names no usable key id');
    return PREFIX + keyId;
  }

  /** @throws Error with the call and its status: what was sent and answered is secret. */
  private async call(operation: 'current' | 'wrap' | 'unwrap', body?: object): Promise<KmsAnswer> {
    const answer = await fetch(`${this.options.url.replace(/\/+$/, '')}/${operation}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(this.options.token && { authorization: `Bearer ${this.options.token}` }),
      },
      body: body && JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new Error(`KMS: ${operation} was not answered`, { cause: error });
    });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new Error(`KMS: ${operation} answered ${answer.status}`);
    }
    return (await answer.json()) as KmsAnswer;
  }
}

interface KmsAnswer {
  keyId?: string;
  ciphertext?: string;
  plaintext?: string;
}

/** Seals with the KMS if there is one, else with the ring's current key; opens what either has sealed. */
export function openSecretBox(
  ring: KeyRing,
  env: { WACO_KMS_URL?: string; WACO_KMS_TOKEN?: string } = {},
): SecretBox {
  const local = new LocalKeyWrapper(ring);
  if (!env.WACO_KMS_URL) return new SecretBox(local);
  return new SecretBox(new KmsKeyWrapper({ url: env.WACO_KMS_URL, token: env.WACO_KMS_TOKEN }), [local]);
}
