import type { Command } from 'commander';
import type { Client, Schemas } from './client.js';
import { Failure } from './failure.js';
import { openClient } from './settings.js';

export interface Shared {
  url?: string;
  keyFile?: string;
  json?: boolean;
  merchant?: string;
}

/** What a command works with. */
export interface Context {
  client: Client;
  json: boolean;
  /** Of the merchant that was named. @throws Failure when none was. */
  merchantId(): Promise<string>;
}

/** From the flags before and after the command's name. */
export function contextOf(command: Command): Context {
  const shared = command.optsWithGlobals<Shared>();
  const client = openClient(shared);
  return {
    client,
    json: shared.json ?? false,
    merchantId: () => findMerchant(client, shared.merchant),
  };
}

/** A merchant's id, from its id or, for operators, its slug. @throws Failure */
export async function findMerchant(client: Client, given = process.env.WACO_MERCHANT): Promise<string> {
  if (!given) throw new Failure('which merchant? Name its id or slug with --merchant', 2);
  if (given.startsWith('mer_')) return given;
  const found = await merchantBySlug(client, given);
  if (!found) throw new Failure(`there is no merchant ${given}`);
  return found.merchantId;
}

export async function merchantBySlug(
  client: Client,
  slug: string,
): Promise<Schemas['MerchantView'] | undefined> {
  const { items } = await client.list('/v1/merchants', { query: { limit: 200 } }, true);
  return items.find((merchant) => merchant.slug === slug);
}
