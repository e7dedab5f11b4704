import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** How long addresses of one family wait for those of the other: some name servers never answer for one (RFC 8305). */
const OTHER_FAMILY_MS = 200;

async function addressesOf(resolver: Resolver, name: string): Promise<{ address: string; family: 4 | 6 }[]> {
  const found: { address: string; family: 4 | 6 }[] = [];
  const families = [
    resolver
      .resolve4(name)
      .then((all) => found.push(...all.map((address) => ({ address, family: 4 as const })))),
    resolver
      .resolve6(name)
      .then((all) => found.push(...all.map((address) => ({ address, family: 6 as const })))),
  ];
  const both = Promise.allSettled(families);
  const enough = Promise.any(families).then(() => sleep(OTHER_FAMILY_MS, undefined, { ref: false }));
  await Promise.race([both, enough]).catch(() => undefined);
  if (found.length > 0) return found;
  const reasons = (await both).map(
    (r) => r.status === 'rejected' && (r.reason as NodeJS.ErrnoException).code,
  );
  // The two words that the system's look-up has: there is no such name, or nobody could say.
  const code = reasons.some((r) => r === 'ENOTFOUND' || r === 'ENODATA') ? 'ENOTFOUND' : 'EAI_AGAIN';
  throw Object.assign(new Error(`${code} ${name}`), { code });
}
