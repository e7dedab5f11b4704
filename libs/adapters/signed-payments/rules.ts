/** What a setting or secret of a connection must be. `words` continues "must be …". */
interface CredentialRule {
  pattern: RegExp;
  words: string;
  secret: boolean;
}

const KEY = {
  pattern: /^[\x21-\x7e]{8,2048}$/,
  words: '8 to 2048 printable characters without spaces',
  secret: true,
} as const satisfies CredentialRule;

/** The form of what connects an account. Which addresses may be called is the guarded client's to judge. */
export const SIGNED_PAYMENTS_RULES = {
  // Paths are put behind it, so that it ends before a query begins.
  baseUrl: {
    pattern: /^https?:\/\/[^\s?#@\\]{1,2000}$/i,
    words: 'an http(s) address without user name, query and fragment',
    secret: false,
  },
  apiKey: KEY,
  webhookSecret: KEY,
} as const satisfies Record<string, CredentialRule>;
