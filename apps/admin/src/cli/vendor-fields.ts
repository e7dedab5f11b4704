import { readSecret } from './ask.js';
import type { Client, Json } from './client.js';
import { Failure } from './failure.js';

/** A value that connecting needs, and that is no secret. */
export interface Asked {
  name: string;
  /** For people. */
  label: string;
  optional?: boolean;
  /** From text to what the API takes; text that it cannot read, the API refuses. */
  read?(value: unknown): unknown;
}

/** A vendor as commands connect it. */
export interface Connectable {
  port: 'channel' | 'store' | 'payment';
  kind: string;
  asked: readonly Asked[];
  secrets: readonly { name: string; variable: string; optional: boolean }[];
  /** A channel that nothing is said on yet is not. */
  isUsed: boolean;
  /** One call has its webhooks brought here. */
  subscribes: boolean;
  /** Below the merchant. `account`: the merchant's key for a payment account. */
  path(account?: string): string;
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

function toConnectable({ port, kind, fields, capabilities }: Json): Connectable {
  const [of, name] = [port as Connectable['port'], String(kind)];
  const all = (fields as Json[]).map((field) => ({
    name: String(field.name),
    label: String(field.label),
    optional: field.optional === true,
    secret: field.secret === true,
  }));
  const prefix = of === 'store' ? 'STORE' : name.toUpperCase();
  return {
    port: of,
    kind: name,
    subscribes: (capabilities as string[]).includes('subscribe'),
    isUsed: of !== 'channel' || (capabilities as string[]).includes('talk'),
    asked: [...all.filter(({ secret }) => !secret), ...(COMMON[of] ?? [])],
    secrets: all
      .filter(({ secret }) => secret)
      .map((field) => ({
        name: field.name,
        optional: field.optional,
        variable: `WACO_${prefix}_${dashed(field.name).replaceAll('-', '_').toUpperCase()}`,
      })),
    path: (account = name) => {
      if (of === 'store') return 'store';
      return of === 'payment'
        ? `payment-providers/${encodeURIComponent(account)}`
        : `channel-accounts/${name}`;
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
