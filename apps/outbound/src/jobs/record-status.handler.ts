import { Controller } from '@nestjs/common';
import { recordStatus, type JobOutcome, type RecordStatusPayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Statuses } from '../line/statuses.js';
import { toWork } from '../work.js';

@Controller()
export class RecordStatusHandler {
  constructor(private readonly statuses: Statuses) {}

  @JobHandler(recordStatus)
  handle(status: RecordStatusPayload, ctx: OrderedContext): Promise<JobOutcome> {
    return this.statuses.record(toWork(ctx), status);
  }
}
