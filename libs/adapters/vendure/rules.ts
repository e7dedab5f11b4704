/** What a setting or secret of a connection must be. `words` continues "must be …". */
interface CredentialRule {
  pattern: RegExp;
  words: string;
  secret: boolean;
  optional?: boolean;
}

const TOKEN = /^[\x21-\x7e]{1,500}$/;

/** The form of what connects a shop. Credentials are a user name and its password, or an API key. */
export const VENDURE_RULES = {
  // Paths are put behind it, so that it ends before a query begins.
  baseUrl: {
    pattern: /^https?:\/\/[^\s?#@\\]{1,2000}$/i,
    words: 'an http(s) address without user name, query and fragment',
    secret: false,
  },
  channelToken: {
    pattern: TOKEN,
    words: 'the token of a channel of the shop, without spaces',
    secret: false,
    optional: true,
  },
  country: {
    pattern: /^[A-Z]{2}$/,
    words: 'an ISO 3166-1 country code in capitals, such as AE',
    secret: false,
    optional: true,
  },
  username: {
    pattern: /^[^\s\p{Cc}]{1,254}$/u,
    words: 'the user name of an administrator, without spaces',
    secret: false,
    optional: true,
  },
  password: {
    pattern: /^[^\p{Cc}]{1,500}$/u,
    words: 'the password of that administrator',
    secret: true,
    optional: true,
  },
  apiKey: {
    pattern: TOKEN,
    words: 'an API key of the shop, without spaces',
    secret: true,
    optional: true,
  },
  webhookSecret: {
    pattern: /^[\x21-\x7e]{16,500}$/,
    words: '16 to 500 printable characters without spaces',
    secret: true,
  },
} as const satisfies Record<string, CredentialRule>;
