import { readSecret } from './ask.js';
import type { Client, Json, PutAnswer, Schemas } from './client.js';
import { Failure } from './failure.js';

const STORE = '/v1/merchants/{merchantId}/store';
const PAYMENT = '/v1/merchants/{merchantId}/payment-providers/{account}';
const CHANNEL = '/v1/merchants/{merchantId}/channel-accounts/{kind}';

/** A value that connecting needs, and that is no secret. */
export interface Asked {
  name: string;
  /** For people. */
  label: string;
  optional?: boolean;
  /** From text to what the API takes; text that it cannot read, the API refuses. */
  read?(value: unknown): unknown;
}

/** A connection, as it is answered when it is made. */
export type Connected = PutAnswer<typeof STORE | typeof PAYMENT | typeof CHANNEL>;

/** A vendor as commands connect it. */
export interface Connectable {
  port: Schemas['VendorView']['port'];
  kind: string;
  asked: readonly Asked[];
  secrets: readonly { name: string; variable: string; optional: boolean }[];
  /** A channel that nothing is said on yet is not. */
  isUsed: boolean;
  /** One call has its webhooks brought here. */
  subscribes: boolean;
  /** Connects a merchant to it. `account`: the merchant's key for a payment account, where it is not the kind. */
  put(client: Client, merchantId: string, body: Json, account?: string): Promise<Connected>;
  /** A call with what was just connected. */
  test(client: Client, merchantId: string, connected: Connected): Promise<Schemas['ConnectionTestView']>;
}

const OVERLAP: Asked = { name: 'overlapHours', label: 'hours', optional: true, read: number };
/** What all of a port need besides. */
const COMMON: Partial<Record<string, readonly Asked[]>> = {
  channel: [
    { name: 'messagesPerSecond', label: 'messages a second', optional: true, read: number },
    { name: 'enabled', label: 'switched on', optional: true, read: trueOrFalse },
    OVERLAP,
  ],
  store: [
    { name: 'region', label: 'where goods are sold to, e.g. AE' },
    { name: 'maxAgeSeconds', label: 'seconds', optional: true, read: number },
    OVERLAP,
  ],
  payment: [OVERLAP],
};

/** Everything that can be connected, as the API says it. */
export async function vendors(client: Client): Promise<Connectable[]> {
  const { items } = await client.list('/v1/vendors', {}, true);
  return items.map(toConnectable);
}

/** `store` is the shop of the usual kind. @throws Failure for a name that nothing has. */
export async function vendorNamed(client: Client, name: string): Promise<Connectable> {
  const all = await vendors(client);
  const found = all.find(({ kind, port }) => kind === name || (name === 'store' && port === 'store'));
  if (found) return found;
  const names = all.map(({ kind, port }) => (port === 'store' ? `store (${kind})` : kind)).join(', ');
  throw new Failure(`there is nothing of this name to connect: there are ${names}`, 2);
}

/** From files, the environment or prompts; what may be left out is not asked for. @throws Failure */
export async function readSecrets({ kind, secrets }: Connectable, files: Json): Promise<Json> {
  const read: Json = {};
  for (const { name, variable, optional } of secrets) {
    const isGiven = files[`${name}File`] !== undefined || Boolean(process.env[variable]);
    if (optional && !isGiven) continue;
    read[name] = await readSecret({
      what: `${kind} ${name}`,
      file: files[`${name}File`] as string | undefined,
      flag: `--${dashed(name)}-file`,
      variable,
    });
  }
  return read;
}

function toConnectable({ port, kind, fields, capabilities }: Schemas['VendorView']): Connectable {
  const prefix = port === 'store' ? 'STORE' : kind.toUpperCase();
  return {
    port,
    kind,
    subscribes: capabilities.includes('subscribe'),
    isUsed: port !== 'channel' || capabilities.includes('talk'),
    asked: [
      ...fields
        .filter(({ secret }) => !secret)
        .map(({ name, label, optional }) => ({ name, label, optional })),
      ...(COMMON[port] ?? []),
    ],
    secrets: fields
      .filter(({ secret }) => secret)
      .map(({ name, optional }) => ({
        name,
        optional,
        variable: `WACO_${prefix}_${dashed(name).replaceAll('-', '_').toUpperCase()}`,
      })),
    put: (client, merchantId, body, account = kind) => {
      // Here types end: which kinds there are, and which fields each has, the API says while a command runs. A vendor that
      // is added so needs no other client. What does not fit, the API refuses.
      switch (port) {
        case 'store':
          return client.put(STORE, { path: { merchantId }, body: body as never });
        case 'payment':
          return client.put(PAYMENT, { path: { merchantId, account }, body: body as never });
        case 'channel':
          return client.put(CHANNEL, { path: { merchantId, kind: kind as never }, body: body as never });
      }
    },
    test: (client, merchantId, connected) => {
      switch (port) {
        case 'store':
          return client.post(`${STORE}/test`, { path: { merchantId } });
        case 'payment':
          return client.post(`${PAYMENT}/test`, {
            path: { merchantId, account: 'account' in connected ? connected.account : kind },
          });
        case 'channel':
          return client.post('/v1/merchants/{merchantId}/channel-accounts/{accountId}/test', {
            path: { merchantId, accountId: connected.id },
          });
      }
    },
  };
}

function number(value: unknown): unknown {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function trueOrFalse(value: unknown): unknown {
  return value === 'true' || value === 'false' ? value === 'true' : value;
}

/** A name as flags have it. */
export function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}
