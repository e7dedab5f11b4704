import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Of a cloud's own services, although its range is public: Azure's wire server. */
const CLOUD_SERVICES = new Set(['168.63.129.16']);
/** RFC 4291: what is routed on the internet is within 2000::/3. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** RFC 9637: for documentation. */
const DOCUMENTATION = ipaddr.IPv6.parseCIDR('3fff::/20');
/** RFC 5214: an interface id that carries an IPv4 address. */
const ISATAP = [0x0, 0x5efe, 0x200, 0x5efe];

/**
 * Whether an address is one host on the internet: not this machine, no private, link-local, shared, reserved,
 * documentation or multicast range, and no IPv6 form that carries an IPv4 address within (mapped, NAT64, 6to4,
 * Teredo, ISATAP). Anything that is not a plain address, one with a zone id for example, is not.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return !CLOUD_SERVICES.has(address.toString());
  const v6 = address as ipaddr.IPv6;
  const [high, low] = v6.parts.slice(4, 6) as [number, number];
  const carriesIpv4 = (high === ISATAP[0] && low === ISATAP[1]) || (high === ISATAP[2] && low === ISATAP[3]);
  return v6.match(GLOBAL_UNICAST) && !v6.match(DOCUMENTATION) && !carriesIpv4;
}
