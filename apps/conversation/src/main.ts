import { bootService, loadEnv, runMain } from '#platform';
import { connectTurns, ConversationModule } from './conversation.module.js';
import { ConversationEnv } from './env.js';

runMain(async () => {
  const env = loadEnv(ConversationEnv);
  return bootService({
    service: 'conversation',
    module: ConversationModule.forRoot(env),
    env,
    configure: connectTurns,
  });
});
