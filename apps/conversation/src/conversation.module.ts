import { Module, type DynamicModule } from '@nestjs/common';
import { CatalogClientModule, serviceModules } from '#service';
import type { ConversationEnv } from './env.js';
import { AskCatalogHandler } from './jobs/ask-catalog.handler.js';
import { ChangeIdentityHandler } from './jobs/change-identity.handler.js';
import { NoteOrderHandler } from './jobs/note-order.handler.js';
import { ReceiveMessageHandler } from './jobs/receive-message.handler.js';
import { RecordAnswerHandler } from './jobs/record-answer.handler.js';
import { EraseMerchantHandler } from './people/erase-merchant.handler.js';
import { ErasePersonHandler } from './people/erase-person.handler.js';
import { RetentionHandler } from './people/retention.handler.js';
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
        AskCatalogHandler,
        RecordAnswerHandler,
        NoteOrderHandler,
        EraseMerchantHandler,
        ErasePersonHandler,
        RetentionHandler,
      ],
      providers: [Threads],
    };
  }
}
