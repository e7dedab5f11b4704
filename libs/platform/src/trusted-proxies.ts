import ipaddr from 'ipaddr.js';

/** Fastify's option `trustProxy`. Hop 0 is the peer, hop 1 is the last address of `X-Forwarded-For`, and so on. */
export type TrustProxy = false | string[] | ((address: string, hop: number) => boolean);

const HOPS = /^(\d|10)$/;

/** Unset, or 0: nobody's `X-Forwarded-…` is believed. */
export function trustProxy(setting: string | undefined): TrustProxy {
  if (setting === undefined || setting === '0') return false;
  if (!HOPS.test(setting)) return listed(setting);
  // Given a bare number, Fastify believes nobody, as it cannot know that the peer is a proxy. The setting says it is.
  const hops = Number(setting);
  return (_address, hop) => hop < hops;
}

/** A number of proxies, or addresses and networks of proxies, comma between. A network of everybody is none. */
export function isTrustedProxies(setting: string): boolean {
  return HOPS.test(setting) || listed(setting).every((text) => isAddress(text) || isNetwork(text));
}

function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

function isNetwork(text: string): boolean {
  const [address, bits] = text.split('/');
  return isAddress(address!) && ipaddr.isValidCIDR(text) && Number(bits) > 0;
}

function listed(setting: string): string[] {
  return setting.split(',').map((text) => text.trim());
}
