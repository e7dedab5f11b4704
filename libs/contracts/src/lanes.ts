import type { QueueDefinition } from './job.js';
import { QUEUES } from './queues.js';

/** A line of its own in the queue server: each queue of ours has one, and one more for merchants that have more to do than their share. */
export interface Lane {
  name: string;
  queue: QueueDefinition;
  crowd: boolean;
}

export function lanesOf(queue: QueueDefinition): [usual: Lane, crowd: Lane] {
  return [
    { name: queue.name, queue, crowd: false },
    { name: `${queue.name}-crowd`, queue, crowd: true },
  ];
}

export const LANES: readonly Lane[] = Object.values<QueueDefinition>(QUEUES).flatMap(lanesOf);
