import { plainToInstance } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsIP,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  validateSync,
} from 'class-validator';
import { AreRandomKeys, HasRandomPassword, IsRandom } from './secrets/rules.js';
import { isTrustedProxies } from './trusted-proxies.js';

export const SERVICES = [
  'ingest-gateway',
  'conversation',
  'catalog-sync',
  'checkout',
  'outbound',
  'admin',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What every process reads. An app's own `env.ts` extends it. */
export class BaseEnv {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'production';

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL: string = 'info';

  /** Base of the default ports: services listen on base + 0…5, the sandbox on base + 100. */
  @IsInt()
  @Min(1)
  @Max(65_000)
  WACO_PORT_BASE: number = 3000;

  /** This process's own HTTP port; unset means its place above WACO_PORT_BASE. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT?: number;

  /**
   * The address that this process listens on. Only this machine reaches 127.0.0.1; 0.0.0.0 is every address, which is
   * what a container needs, whose network says who reaches it.
   */
  @IsIP(undefined, { message: 'WACO_HOST must be an IP address' })
  WACO_HOST: string = '127.0.0.1';

  /** The commit that this was built from, which `/health` and `waco_build_info` tell. The image sets it, if its build was told. */
  @IsOptional()
  @Matches(/^[\w.-]{1,64}$/, { message: 'WACO_COMMIT must be up to 64 letters, digits, _, . and -' })
  WACO_COMMIT?: string;

  /** Development and tests only: a file whose `offsetMs` shifts the platform's clock. */
  @IsOptional()
  @IsString()
  WACO_CLOCK_FILE?: string;

  /** Development and tests only: `true` lets merchants' URLs be http and lead to private addresses. */
  @IsOptional()
  @IsIn(['true', 'false'])
  WACO_ALLOW_PRIVATE_URLS?: 'true' | 'false';

  /**
   * Whose `X-Forwarded-…` is believed: addresses and networks of proxies, comma between, or how many proxies stand
   * before this service where nobody else can reach it. Unset: nobody's.
   */
  @IsOptional()
  @ValidateBy(
    { name: 'isTrustedProxies', validator: { validate: (value) => isTrustedProxies(String(value)) } },
    { message: 'TRUSTED_PROXIES must be a number of proxies up to 10, or their addresses or networks' },
  )
  @IsString()
  TRUSTED_PROXIES?: string;
}

/** What every service reads besides; one that opens no secret of a merchant reads nothing more. */
export class KeylessEnv extends BaseEnv {
  /** This service's own connection to PostgreSQL: its own role. */
  @HasRandomPassword()
  @Matches(/^postgres(ql)?:\/\//, { message: 'DATABASE_URL must begin with postgres://' })
  DATABASE_URL: string;

  @IsOptional()
  @IsInt()
  @Min(2)
  DATABASE_POOL_SIZE?: number;

  /** BullMQ's server: redis://, rediss:// or postgres://. */
  @HasRandomPassword()
  @Matches(/^(rediss?|postgres(ql)?):\/\//, {
    message: 'QUEUE_URL must begin with redis://, rediss:// or postgres://',
  })
  QUEUE_URL: string;

  /** Keeps the queues of several stacks on one Redis apart. */
  @Matches(/^[a-z0-9-]+$/, { message: 'QUEUE_PREFIX must be lowercase letters, digits and hyphens' })
  QUEUE_PREFIX: string = 'waco';
}

/** What a service reads that opens merchants' secrets. */
export class ServiceEnv extends KeylessEnv {
  /** Keys that seal merchants' secrets: `id:base64` of 32 bytes, the current one first, comma between. */
  @ValidateIf((env: ServiceEnv) => !env.WACO_MASTER_KEYS_FILE)
  @AreRandomKeys()
  @IsString({ message: 'WACO_MASTER_KEYS or WACO_MASTER_KEYS_FILE must be set' })
  WACO_MASTER_KEYS?: string;

  /** The same in a file, read again when it changes; goes before WACO_MASTER_KEYS. */
  @IsOptional()
  @AreRandomKeys({ inFile: true })
  @IsString()
  WACO_MASTER_KEYS_FILE?: string;

  /** A key management service that seals from now on; what the master keys have sealed still opens. */
  @IsOptional()
  @Matches(/^https?:\/\//, { message: 'WACO_KMS_URL must begin with https:// or http://' })
  WACO_KMS_URL?: string;

  @IsOptional()
  @IsRandom()
  @IsString()
  WACO_KMS_TOKEN?: string;
}

/**
 * Reads and validates an app's environment. Numbers and booleans are converted from their text.
 * @throws Error that names each bad variable and its rule, never its value.
 */
export function loadEnv<T extends object>(type: new () => T, source: NodeJS.ProcessEnv = process.env): T {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const env = plainToInstance(type, given, { enableImplicitConversion: true, exposeDefaultValues: true });
  const errors = validateSync(env, { skipMissingProperties: false, stopAtFirstError: true });
  if (errors.length > 0) {
    const rules = errors.map((e) => `  ${Object.values(e.constraints ?? {}).join('; ')}`);
    throw new Error(`environment is not usable:\n${rules.join('\n')}`);
  }
  return env;
}

/** The port a service listens on when `PORT` does not say otherwise. */
export function servicePort(service: ServiceName | 'sandbox', base: number): number {
  return service === 'sandbox' ? base + 100 : base + SERVICES.indexOf(service);
}
