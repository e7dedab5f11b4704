import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  changeIdentity,
  done,
  journalErasePerson,
  type ErasePersonPayload,
  type JobOutcome,
} from '#contracts';
import { emptyItems, emptyPayload, emptyPersonItems, Tenants } from '#persistence';
import { JobHandler, Waker, type TaskContext } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { recallNames, wantedOf } from './person-items.js';
import { dropWakeUps } from './wake-ups.js';

/** The last part of forgetting a person: the journal and the queues. Then it is done, and the audit log says so. */
@ApiExcludeController()
@Controller()
export class ErasePersonHandler {
  constructor(
    private readonly tenants: Tenants,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
  ) {}

  @JobHandler(journalErasePerson)
  async handle(payload: ErasePersonPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now, item } = ctx;
    const { erasureId } = payload;
    const upTo = payload.upTo ?? item.id;
    const { subject, changes } = await recallNames(this.tenants, merchantId, payload.subject, upTo);
    // What tells the former names goes last: a run after a crash needs it.
    const { items, unsettled } = await emptyPersonItems(
      this.tenants,
      merchantId,
      wantedOf(subject, upTo),
      now,
      changeIdentity.name,
    );
    await dropWakeUps(
      this.waker,
      (w) =>
        w.merchantId === merchantId &&
        ([w.stream, ...(w.others ?? [])].some((stream) => subject.streams.includes(stream)) ||
          (w.parked !== undefined && unsettled.includes(w.parked.itemId))),
    );
    await ctx.commit(async ({ tx }) => {
      await emptyItems(tx, changes, now);
      const counted = (payload.report.items ?? 0) + items + changes.length;
      const report = { ...payload.report, items: counted };
      await tx.query(
        `UPDATE tenancy.erasures SET completed_at = $3, report = $4 WHERE merchant_id = $1 AND erasure_id = $2`,
        [merchantId, erasureId, now, report],
      );
      await emptyPayload(tx, item.id, { erasureId });
      await this.audit.record(tx, { merchantId, action: 'person.erased', target: erasureId, after: report });
    });
    return done;
  }
}
