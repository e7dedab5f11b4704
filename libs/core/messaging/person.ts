/**
 * One name by which a channel knows somebody. Schemes are open: a channel may bring one of its own, which {@link SCHEME}
 * allows, and which then identifies like the others.
 */
export interface Alias {
  scheme: string;
  value: string;
}

/** `phone`, `user_id`, `parent_user_id`, `username`, and whatever a channel adds. */
export const SCHEME = /^[a-z][a-z0-9_]{0,39}$/;

/**
 * Who is at the other end: by one alias of a scheme, or none. A phone number is not a safe key: since 2026 it may be absent,
 * and a user id is then all there is, which may hold for one business alone. At least one alias identifies.
 */
export interface PersonRef {
  aliases: Alias[];
  name?: string;
}

/** The usual schemes, as most channels fill them. */
export interface PersonNames {
  /** The digits with the country code, as the channel writes them. */
  phone?: string;
  userId?: string;
  parentUserId?: string;
  username?: string;
  name?: string;
}

/** A username can pass on to somebody else at any time: it is noted, and identifies nobody. */
export const isIdentifying = (scheme: string): boolean => scheme !== 'username';

/** The person of whom these are the names; what is undefined or empty is none. */
export function personOf({ phone, userId, parentUserId, username, name }: PersonNames): PersonRef {
  const named: [string, string | undefined][] = [
    ['user_id', userId],
    ['parent_user_id', parentUserId],
    ['phone', phone],
    ['username', username],
  ];
  const aliases = named.flatMap(([scheme, value]) => (value ? [{ scheme, value }] : []));
  return name ? { aliases, name } : { aliases };
}

/** The person's value under a scheme. */
export function aliasOf({ aliases }: PersonRef, scheme: string): string | undefined {
  return aliases.find((alias) => alias.scheme === scheme)?.value;
}

export const phoneOf = (person: PersonRef): string | undefined => aliasOf(person, 'phone');
export const userIdOf = (person: PersonRef): string | undefined => aliasOf(person, 'user_id');

export function identifyingAliases({ aliases }: PersonRef): Alias[] {
  return aliases.filter(({ scheme }) => isIdentifying(scheme));
}

/**
 * The key under which everything of one person on one channel account is kept in order. @throws Error for a person of whom
 * no alias identifies.
 */
export function personKey(person: PersonRef): string {
  const key = userIdOf(person) ?? phoneOf(person) ?? identifyingAliases(person)[0]?.value;
  if (!key) throw new Error('a person needs a user id, a phone number or another alias that identifies');
  return key;
}
