import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { ENV } from '#platform';
import type { AdminEnv } from '../env.js';
import { ApiKeyStore } from './api-key.store.js';

/** Registers the operator key of the environment before the port opens. */
@Injectable()
export class BootstrapKey implements OnModuleInit {
  constructor(
    private readonly keys: ApiKeyStore,
    @Inject(ENV) private readonly env: AdminEnv,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.env.WACO_OPERATOR_KEY) await this.keys.registerBootstrapKey(this.env.WACO_OPERATOR_KEY);
    else this.logger.warn('WACO_OPERATOR_KEY is not set: only keys that exist already are accepted');
  }
}
