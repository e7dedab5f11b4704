import { IsInt, IsString, IsUrl, Max, Min, MinLength, ValidateBy, ValidateIf } from 'class-validator';
import { IsRandom, ServiceEnv } from '#platform';
import { CHANNELS, PAYMENT_PROVIDERS, STORES, variablesOf, withVariables } from '#vendors';

const URL_RULE = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };

/** How this service asks the vendors whether a connection works. */
const OF_VENDORS = variablesOf([...CHANNELS, ...STORES, ...PAYMENT_PROVIDERS]);

export class AdminEnv extends withVariables(ServiceEnv, OF_VENDORS) {
  /** The platform team's first key: registered (as a hash) at boot. Changing it replaces it. */
  @ValidateIf((env: AdminEnv) => env.NODE_ENV === 'production' || env.WACO_OPERATOR_KEY !== undefined)
  @IsString({ message: 'WACO_OPERATOR_KEY must be set in production' })
  @IsRandom()
  @MinLength(32, { message: 'WACO_OPERATOR_KEY must have 32 characters or more' })
  WACO_OPERATOR_KEY?: string;

  /**
   * The key of the hashes of operators' sessions, for this service alone. Changing it ends all sessions. Unset
   * (development and tests): sessions end with the process.
   */
  @ValidateIf((env: AdminEnv) => env.NODE_ENV === 'production' || env.ADMIN_SESSION_SECRET !== undefined)
  @IsString({ message: 'ADMIN_SESSION_SECRET must be set in production' })
  @ValidateBy(
    {
      name: 'isItsOwn',
      validator: { validate: (secret, on) => isItsOwn(String(secret), on!.object as AdminEnv) },
    },
    { message: 'ADMIN_SESSION_SECRET must be no other secret of this service' },
  )
  @IsRandom()
  @MinLength(32, { message: 'ADMIN_SESSION_SECRET must have 32 characters or more' })
  ADMIN_SESSION_SECRET?: string;

  /** Where vendors reach the gateway from outside; webhook addresses are made from it. */
  @IsUrl(URL_RULE, { message: 'PUBLIC_GATEWAY_URL must be an http(s) URL' })
  PUBLIC_GATEWAY_URL: string = 'http://localhost:3000';

  /** How long a call to a vendor may take, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(30_000)
  VENDOR_TIMEOUT_MS: number = 5_000;

  /** Requests a minute from one address, probes and scrapers not counted. */
  @IsInt()
  @Min(1)
  RATE_LIMIT_PER_ADDRESS: number = 1_200;

  /** Requests a minute of one merchant, with whichever of its keys, and of one operator's key. */
  @IsInt()
  @Min(1)
  RATE_LIMIT_PER_KEY: number = 600;
}

/** Otherwise the operator's key or a master key would be enough to make up sessions. */
function isItsOwn(
  secret: string,
  { WACO_OPERATOR_KEY: key = '', WACO_MASTER_KEYS: keys = '' }: AdminEnv,
): boolean {
  return secret !== key && !keys.includes(secret);
}
