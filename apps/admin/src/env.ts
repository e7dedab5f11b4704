import {
  IsInt,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { ServiceEnv } from '#platform';

const URL_RULE = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };

export class AdminEnv extends ServiceEnv {
  /** The platform team's first key: registered (as a hash) at boot. Changing it replaces it. */
  @ValidateIf((env: AdminEnv) => env.NODE_ENV === 'production' || env.WACO_OPERATOR_KEY !== undefined)
  @IsString({ message: 'WACO_OPERATOR_KEY must be set in production' })
  @ValidateBy(
    {
      name: 'isNoGuess',
      validator: {
        validate: (key, on) =>
          (on!.object as AdminEnv).NODE_ENV !== 'production' || !isEasyGuess(String(key)),
      },
    },
    { message: 'WACO_OPERATOR_KEY must be random in production, not a default or a phrase' },
  )
  @MinLength(32, { message: 'WACO_OPERATOR_KEY must have 32 characters or more' })
  WACO_OPERATOR_KEY?: string;

  /** Where vendors reach the gateway from outside; webhook addresses are made from it. */
  @IsUrl(URL_RULE, { message: 'PUBLIC_GATEWAY_URL must be an http(s) URL' })
  PUBLIC_GATEWAY_URL: string = 'http://localhost:3000';

  /** Graph API of Meta, or of the sandbox. */
  @IsUrl(URL_RULE, { message: 'WHATSAPP_BASE_URL must be an http(s) URL' })
  WHATSAPP_BASE_URL: string = 'https://graph.facebook.com';

  @Matches(/^v\d+\.\d+$/, { message: 'WHATSAPP_API_VERSION must be such as v25.0' })
  WHATSAPP_API_VERSION: string = 'v25.0';

  /** API of Stripe, or of the sandbox. */
  @IsUrl(URL_RULE, { message: 'STRIPE_BASE_URL must be an http(s) URL' })
  STRIPE_BASE_URL: string = 'https://api.stripe.com';

  /** How long a call to a vendor may take, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(30_000)
  VENDOR_TIMEOUT_MS: number = 5_000;

  /** Requests a minute from one address, probes and scrapers not counted. */
  @IsInt()
  @Min(1)
  RATE_LIMIT_PER_ADDRESS: number = 1_200;

  /** Requests a minute with one key. */
  @IsInt()
  @Min(1)
  RATE_LIMIT_PER_KEY: number = 600;

  /** How many proxies stand before this service, whose word about a caller's address is believed. */
  @IsInt()
  @Min(0)
  @Max(10)
  TRUSTED_PROXIES: number = 0;
}

/** Keys that somebody could come upon: placeholders, and anything with little chance in it. */
export function isEasyGuess(key: string): boolean {
  const placeholder =
    /change.?me|password|passw0rd|example|default|placeholder|replace|your.?key|operator.?key|secret/i;
  return placeholder.test(key) || new Set(key).size < 10;
}
