import type { QueueDefinition } from './job.js';
import { QUEUES } from './queues.js';

/** A BullMQ queue: each queue of ours has one, and one more for crowds where its definition says so. */
export interface Lane {
  name: string;
  queue: QueueDefinition;
  crowd: boolean;
}

export function lanesOf(queue: QueueDefinition): [usual: Lane, crowd?: Lane] {
  const usual = { name: queue.name, queue, crowd: false };
  return queue.crowd === undefined ? [usual] : [usual, { name: `${queue.name}-crowd`, queue, crowd: true }];
}

export const LANES: readonly Lane[] = Object.values<QueueDefinition>(QUEUES).flatMap((queue) =>
  lanesOf(queue).filter((lane) => lane !== undefined),
);
