import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { QUEUES } from '#contracts';
import { connectJobs } from '#queue';
import { serviceModules } from '#service';
import type { OutboundEnv } from './env.js';
import { AdvanceRecipientHandler } from './jobs/advance-recipient.handler.js';
import { CallChannelHandler } from './jobs/call-channel.handler.js';
import { MergeRecipientsHandler } from './jobs/merge-recipients.handler.js';
import { NoteInboundHandler } from './jobs/note-inbound.handler.js';
import { RecordStatusHandler } from './jobs/record-status.handler.js';
import { RecordTemplateStatusHandler } from './jobs/record-template-status.handler.js';
import { ResumeAccountHandler } from './jobs/resume-account.handler.js';
import { SendMessageHandler } from './jobs/send-message.handler.js';
import { Line } from './line/line.js';
import { readAhead } from './line/read-ahead.js';
import { Refusals } from './line/refusals.js';
import { Statuses } from './line/statuses.js';
import { OpenMessages } from './open-messages.js';
import { EraseMerchantHandler } from './privacy/erase-merchant.handler.js';
import { ErasePersonHandler } from './privacy/erase-person.handler.js';
import { RetentionHandler } from './privacy/retention.handler.js';
import { Channels } from './send/channel.js';
import { Gate } from './send/gate.js';
import { Outcomes } from './send/outcomes.js';
import { RightAway } from './send/right-away.js';
import { Sends } from './send/sends.js';
import { Slots } from './send/slots.js';

@Module({})
export class OutboundModule {
  static forRoot(env: OutboundEnv): DynamicModule {
    return {
      module: OutboundModule,
      imports: serviceModules({ service: 'outbound', env, entities: [] }),
      controllers: [
        SendMessageHandler,
        EraseMerchantHandler,
        ErasePersonHandler,
        RetentionHandler,
        NoteInboundHandler,
        MergeRecipientsHandler,
        AdvanceRecipientHandler,
        ResumeAccountHandler,
        CallChannelHandler,
        RecordStatusHandler,
        RecordTemplateStatusHandler,
      ],
      providers: [Line, Refusals, Statuses, Channels, Slots, RightAway, Gate, Outcomes, Sends, OpenMessages],
    };
  }
}

/** Takes up the jobs of this service. */
export function connectSends(app: INestApplication): void {
  connectJobs(app, 'outbound', { readAhead: { [QUEUES.recipients.name]: readAhead } });
}
