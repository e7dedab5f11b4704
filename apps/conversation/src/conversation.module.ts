import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { QUEUES } from '#contracts';
import { connectJobs } from '#queue';
import { CatalogClientModule, serviceModules } from '#service';
import type { ConversationEnv } from './env.js';
import { ChangeIdentityHandler } from './jobs/change-identity.handler.js';
import { JoinContactsHandler } from './jobs/join-contacts.handler.js';
import { NoteOrderHandler } from './jobs/note-order.handler.js';
import { ReceiveMessageHandler } from './jobs/receive-message.handler.js';
import { LookAhead } from './look-ahead.js';
import { EraseMerchantHandler } from './privacy/erase-merchant.handler.js';
import { ErasePersonHandler } from './privacy/erase-person.handler.js';
import { RetentionHandler } from './privacy/retention.handler.js';
import { Threads } from './threads.js';

@Module({})
export class ConversationModule {
  static forRoot(env: ConversationEnv): DynamicModule {
    return {
      module: ConversationModule,
      imports: [
        ...serviceModules({ service: 'conversation', env, entities: [] }),
        CatalogClientModule.forRoot({
          host: env.CATALOG_RPC_HOST,
          port: env.CATALOG_RPC_PORT ?? env.WACO_PORT_BASE + 52,
        }),
      ],
      controllers: [
        ReceiveMessageHandler,
        ChangeIdentityHandler,
        JoinContactsHandler,
        NoteOrderHandler,
        EraseMerchantHandler,
        ErasePersonHandler,
        RetentionHandler,
      ],
      providers: [Threads, LookAhead],
    };
  }
}

/** Takes up the jobs of this service: what turns have to know is found out before they begin. */
export function connectTurns(app: INestApplication): void {
  const { prepare } = app.get(LookAhead);
  connectJobs(app, 'conversation', { prepare: { [QUEUES.threads.name]: prepare } });
}
