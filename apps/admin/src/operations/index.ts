import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLetters } from './dead-letters.js';
import { MessagesController } from './messages.controller.js';
import { Messages } from './messages.js';
import { OrdersController } from './orders.controller.js';
import { Orders } from './orders.js';
import { QuarantineController } from './quarantine.controller.js';
import { Quarantine } from './quarantine.js';
import { Reading } from './reading.js';
import { ReplayController } from './replay.controller.js';
import { Replay } from './replay.js';
import { ThreadsController } from './threads.controller.js';
import { Threads } from './threads.js';
import { Timelines } from './timelines.js';
import { WebhooksController } from './webhooks.controller.js';
import { Webhooks } from './webhooks.js';

/** Seeing and repairing what happened: resources in the order of the API page. */
export const OPERATIONS_API = [
  ThreadsController,
  MessagesController,
  OrdersController,
  WebhooksController,
  QuarantineController,
  DeadLettersController,
  ReplayController,
];

export const OPERATIONS = [
  DeadLetters,
  Messages,
  Orders,
  Quarantine,
  Reading,
  Replay,
  Threads,
  Timelines,
  Webhooks,
];
