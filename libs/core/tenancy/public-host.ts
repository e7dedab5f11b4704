import { isIP } from 'node:net';

/**
 * Whether a URL may be called on behalf of someone who is not trusted with this network: https, and a host that is
 * not plainly this machine, a private network or a cloud's metadata address. Names are judged as written: what they
 * resolve to is the network's to restrict.
 */
export function isPublicHttpsUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username || url.password) return false;
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  switch (isIP(host)) {
    case 4:
      return isPublicIpv4(host);
    case 6:
      // Global unicast only, without the transition ranges (6to4, Teredo) that carry an IPv4 address within.
      return /^[23]/.test(host) && !/^(2002:|2001:0?:|2001::)/.test(host);
    default:
      return host.includes('.') && !/(^|\.)(localhost|local|internal|intranet|home\.arpa|svc)$/.test(host);
  }
}

function isPublicIpv4(host: string): boolean {
  const [a = 0, b = 0] = host.split('.').map(Number);
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b < 128) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b < 32) return false;
  return !(a === 192 && (b === 168 || b === 0)) && !(a === 198 && (b === 18 || b === 19));
}
