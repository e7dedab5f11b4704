import type { INestApplication } from '@nestjs/common';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { connectJobs } from '#queue';
import { rpcHost, rpcPort, type CatalogSyncEnv } from './env.js';

/** Characters; a quote has a hundred lines. */
const LONGEST_QUESTION = 262_144;

/** Work from the queues, and questions over TCP. */
export function connectTransports(app: INestApplication, env: CatalogSyncEnv): void {
  connectJobs(app, 'catalog');
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host: rpcHost(env), port: rpcPort(env), maxBufferSize: LONGEST_QUESTION },
  });
}
