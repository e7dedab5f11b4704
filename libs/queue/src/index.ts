export { openQueueBackend, type QueueBackend, type WakeUp } from './backend.js';
export { BulkContext, OrderedContext, TaskContext, toItem, wakeOf, type Commit } from './context.js';
export { Unprepared, type Prepare, type Prepared, type ReadAhead } from './handling.js';
export { BulkJobHandler, connectJobs, JobHandler, JobsModule, QUEUE_READY } from './jobs.module.js';
export { PAUSED_QUEUES, PausedQueuesModule } from './paused-queues.js';
export { Waker, type Wake } from './waker.js';
