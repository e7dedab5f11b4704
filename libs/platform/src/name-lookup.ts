import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';

const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * Looks up names that merchants chose. It asks the name servers itself: the system's look-up holds one of the process's
 * few threads until there is an answer, and a merchant's own name server need never give one.
 * @param servers `address:port`; the system's, unless a test has its own
 */
export function nameLookup(servers?: string[]): LookupFunction {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const look = callbackify((name: string) => addressesOf(resolver, name));
  return (name, _options, done) => look(name, (error, found) => done(error, found ?? []));
}

async function addressesOf(resolver: Resolver, name: string): Promise<{ address: string; family: 4 | 6 }[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 as const })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 as const })) : []),
  ];
  if (found.length > 0) return found;
  const reasons = [v4, v6].map((r) => r.status === 'rejected' && (r.reason as NodeJS.ErrnoException).code);
  // The two words that the system's look-up has: there is no such name, or nobody could say.
  const code = reasons.some((r) => r === 'ENOTFOUND' || r === 'ENODATA') ? 'ENOTFOUND' : 'EAI_AGAIN';
  throw Object.assign(new Error(`${code} ${name}`), { code });
}
