import { Controller } from '@nestjs/common';
import { recordStatus, type BulkOutcome, type RecordStatusPayload } from '#contracts';
import { BulkJobHandler, type BulkContext } from '#queue';
import { Statuses } from '../line/statuses.js';
import { toWork } from '../work.js';

@Controller()
export class RecordStatusHandler {
  constructor(private readonly statuses: Statuses) {}

  @BulkJobHandler(recordStatus)
  handle(statuses: RecordStatusPayload[], ctx: BulkContext): Promise<BulkOutcome[]> {
    return this.statuses.recordAll(toWork(ctx), statuses);
  }
}
