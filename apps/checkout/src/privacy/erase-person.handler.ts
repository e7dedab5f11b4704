import { Controller } from '@nestjs/common';
import {
  cancelOrder,
  checkoutErasePerson,
  deferred,
  done,
  outboundErasePerson,
  type ErasePersonPayload,
  type JobOutcome,
} from '#contracts';
import { joinSubjects, emptySubject, type PersonSubject } from '#core/tenancy';
import { emptyPayload, keysIn, keysOf, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import type { EntityManager } from 'typeorm';
import { BUSY_STATES, UNPAID_STATES, withoutPerson } from './orders.js';

/** An order that was just paid is placed at the shop under the person's name first, for so long. */
const PATIENCE_MS = 24 * 3_600_000;
const LOOK_AGAIN_MS = 10_000;

interface Row {
  orderRef: string;
  state: string;
  threadId: string;
  threadStream: string;
  person: object;
}

/** The person's orders become nobody's. */
@Controller()
export class ErasePersonHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(checkoutErasePerson)
  async handle(payload: ErasePersonPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    const orders = await this.tenants.transaction(merchantId, (tx) => ordersOf(tx, merchantId, payload));
    const busy = orders.some((order) => BUSY_STATES.includes(order.state));
    if (busy && now.getTime() - Date.parse(payload.requestedAt) < PATIENCE_MS) {
      return deferred(new Date(now.getTime() + LOOK_AGAIN_MS));
    }
    await ctx.commit(async ({ tx, emit }) => {
      const rows = await ordersOf(tx, merchantId, payload);
      for (const { orderRef, state } of rows) {
        if (UNPAID_STATES.includes(state)) emit(cancelOrder, { orderRef, reason: 'the customer was erased' });
      }
      const orderRefs = rows.map((row) => row.orderRef);
      await withoutPerson(tx, merchantId, orderRefs, now);
      const subject = rows.map(learned).reduce(joinSubjects, payload.subject);
      emit(outboundErasePerson, {
        ...payload,
        subject,
        report: { ...payload.report, orders: rows.length },
      });
      await emptyPayload(tx, ctx.item.id, { erasureId: payload.erasureId });
    });
    return done;
  }
}

/** Also those of a thread that is long forgotten, by what they say of their person. */
async function ordersOf(
  tx: EntityManager,
  merchantId: string,
  { subject, requestedAt }: ErasePersonPayload,
): Promise<Row[]> {
  return (await tx.query(
    `SELECT order_ref AS "orderRef", state, thread_id AS "threadId", thread_stream AS "threadStream", person
     FROM checkout.orders WHERE merchant_id = $1 AND erased_at IS NULL
       AND (thread_id = ANY ($2) OR created_at <= $4
         AND ${keysIn('person')} && $3::text[])
     ORDER BY order_ref FOR UPDATE`,
    [merchantId, subject.threadIds, subject.keys, requestedAt],
  )) as Row[];
}

/** Names that the person had when they ordered, and the lines of that time. */
function learned({ threadId, threadStream, person }: Row): PersonSubject {
  return {
    ...emptySubject,
    keys: keysOf(person),
    threadIds: [threadId],
    streams: [threadStream],
  };
}
