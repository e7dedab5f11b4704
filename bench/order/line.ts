import { IsInt } from 'class-validator';
import { defineJob, QUEUES } from '#contracts';

export class LinePayload {
  @IsInt() thread: number;
  @IsInt() sequence: number;
}

/** One message of a thread. */
export const applyLine = defineJob({
  name: 'bench.apply-line.v1',
  queue: QUEUES.recipients,
  payload: LinePayload,
  idempotencyKey: (p) => `${p.thread}_${p.sequence}`,
  stream: (p) => `line/${p.thread}`,
  retry: { attempts: 5, backoff: 'exponential', delayMs: 300 },
});
