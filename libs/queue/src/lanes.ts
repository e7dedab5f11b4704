import { QUEUES, type QueueDefinition } from '#contracts';

/** A BullMQ queue: each queue of ours has one, and one more for crowds where its definition says so. */
export interface Lane {
  name: string;
  queue: QueueDefinition;
  crowd: boolean;
}

/** Where wake-ups stand that are behind those of others; undefined when it is in the same line. */
export function crowdLaneOf(queue: QueueDefinition): Lane | undefined {
  return queue.crowd === undefined ? undefined : { name: `${queue.name}-crowd`, queue, crowd: true };
}

export function lanesOf(queue: QueueDefinition): Lane[] {
  const crowd = crowdLaneOf(queue);
  return [{ name: queue.name, queue, crowd: false }, ...(crowd ? [crowd] : [])];
}

export const LANES: readonly Lane[] = Object.values<QueueDefinition>(QUEUES).flatMap(lanesOf);
