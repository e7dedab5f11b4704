import { Global, Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { BUILD_INFO, buildInfo } from './build-info.js';
import { clockFromEnv } from './clock.js';
import type { BaseEnv } from './env.js';
import { createGuardedFetch } from './guarded-fetch.js';
import { urlPolicyFromEnv } from './guarded-url.js';
import { HealthController, READINESS_CHECKS, type ReadinessCheck } from './health.js';
import { loggerParams } from './logging.js';
import { MetricsController } from './metrics.js';

export const CLOCK = Symbol('CLOCK');
export const ENV = Symbol('ENV');
/** The {@link GuardedFetch} for every URL that a merchant supplies. */
export const GUARDED_FETCH = Symbol('GUARDED_FETCH');

export interface PlatformOptions {
  service: string;
  env: BaseEnv;
}

/** Clock, validated environment and structured logs for every service, and what its build is. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot({ service, env }: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      imports: [LoggerModule.forRoot(loggerParams(service, env.LOG_LEVEL))],
      providers: [
        { provide: CLOCK, useValue: clockFromEnv(env) },
        { provide: ENV, useValue: env },
        { provide: BUILD_INFO, useValue: buildInfo(service, env.WACO_COMMIT) },
        { provide: GUARDED_FETCH, useFactory: () => createGuardedFetch(urlPolicyFromEnv(env)) },
      ],
      exports: [BUILD_INFO, CLOCK, ENV, GUARDED_FETCH],
    };
  }
}

/** `/health`, `/health/*` and `/metrics`; `checks` are tokens of providers, visible to the importing modules, that must answer for readiness. */
@Module({})
export class HealthModule {
  static forRoot(options: { imports?: DynamicModule['imports']; checks: symbol[] }): DynamicModule {
    return {
      module: HealthModule,
      imports: options.imports ?? [],
      controllers: [HealthController, MetricsController],
      providers: [
        {
          provide: READINESS_CHECKS,
          useFactory: (...checks: ReadinessCheck[]) => checks,
          inject: options.checks,
        },
      ],
    };
  }
}
