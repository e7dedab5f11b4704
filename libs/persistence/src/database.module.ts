import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { ReadinessCheck } from '#platform';
import { CONNECTION } from './connection.js';
import { Journal } from './journal.js';
import { Tenants } from './tenants.js';
import { TENANCY_ENTITIES } from './tenancy/entities.js';

export const DATABASE_READY = Symbol('DATABASE_READY');

export interface DatabaseOptions {
  /** This service's own connection: its own role, which owns nothing. */
  url: string;
  service: string;
  entities: (new () => object)[];
  poolSize: number;
}

/** One pool of the service's own role, tenant transactions, the journal, and a readiness check. */
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          driver: pg, // as it stands in the service's file, and not a second one by its name
          url: options.url,
          entities: [...TENANCY_ENTITIES, ...options.entities],
          poolSize: options.poolSize,
          applicationName: `waco-${options.service}`,
          connectTimeoutMS: 3_000,
          synchronize: false,
          // A lost connection is the caller's to retry; boot does not wait minutes for a wrong address.
          retryAttempts: 3,
          retryDelay: 500,
          extra: CONNECTION,
        }),
      ],
      providers: [
        Tenants,
        Journal,
        {
          provide: DATABASE_READY,
          useFactory: (database: DataSource): ReadinessCheck => ({
            name: 'database',
            check: async () => void (await database.query('SELECT 1')),
          }),
          inject: [DataSource],
        },
      ],
      exports: [Tenants, Journal, DATABASE_READY],
    };
  }
}
