import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IsString } from 'class-validator';
import { defineJob, done, QUEUES, type BulkOutcome, type JobContract, type JobOutcome } from '#contracts';
import { DatabaseModule, Journal, Tenants } from '#persistence';
import { BaseEnv, newId, PlatformModule } from '#platform';
import { BulkJobHandler, connectJobs, JobHandler, JobsModule, toItem, Waker, wakeOf } from '#queue';
import type { BulkContext, OrderedContext, Prepare, Prepared, ReadAhead, TaskContext } from '#queue';

export class LinePayload {
  @IsString() id: string;
  @IsString() line: string;
}
const base = { payload: LinePayload, idempotencyKey: (p: LinePayload) => p.id } as const;
const retry = { attempts: 5, backoff: 'exponential', delayMs: 300 } as const;
export const say = defineJob({
  ...base,
  name: 'test.say-line.v1',
  queue: QUEUES.recipients,
  stream: (p) => p.line,
  retry,
});
export const interrupt = defineJob({ ...say, name: 'test.interrupt-line.v1', expedited: true });
export const mark = defineJob({
  ...base,
  name: 'test.mark-thing.v1',
  queue: QUEUES.statuses,
  stream: (p) => p.line,
  retry,
});
/** How long a task may take, in seconds. */
export const TASK_LIMIT = 3;
export const fetchThing = defineJob({
  ...base,
  name: 'test.fetch-thing.v1',
  queue: { ...QUEUES.sends, limitSeconds: TASK_LIMIT },
  retry,
});

/** What the handlers of a test saw and how they shall behave. */
export interface Script {
  applied: string[];
  tasks: string[];
  onMessage: (id: string, ctx: OrderedContext) => JobOutcome | Promise<JobOutcome>;
  /** An outcome for each of the ids. */
  onBulk: (ids: string[], ctx: BulkContext) => BulkOutcome[] | Promise<BulkOutcome[]>;
  onTask: (id: string, ctx: TaskContext) => JobOutcome | Promise<JobOutcome>;
  /** What is found out before a line is applied. */
  known: (...asked: Parameters<Prepare>) => unknown;
  /** What is asked of the database together with the lock of a line. */
  ahead: ReadAhead;
}

export const newScript = (): Script => ({
  applied: [],
  tasks: [],
  onMessage: () => done,
  onBulk: (ids) => ids.map(() => done),
  onTask: () => done,
  known: () => undefined,
  ahead: () => undefined,
});

export const message = (id: string, line = 'line_1'): LinePayload => ({ id, line });

/** One process of a service that does nothing but what the script says. */
export async function startLines(options: {
  script: () => Script;
  databaseUrl: string;
  queueUrl: string;
  prefix: string;
  poolSize?: number;
  clockFile?: string;
}): Promise<INestApplication> {
  const { script } = options;

  @Controller()
  class Handlers {
    @JobHandler(say)
    async send(payload: LinePayload, ctx: OrderedContext): Promise<JobOutcome> {
      const outcome = await script().onMessage(payload.id, ctx);
      if (outcome.outcome === 'done') script().applied.push(payload.id);
      return outcome;
    }

    @JobHandler(interrupt)
    async inbound(payload: LinePayload): Promise<JobOutcome> {
      script().applied.push(payload.id);
      return done;
    }

    @BulkJobHandler(mark)
    async mark(payloads: LinePayload[], ctx: BulkContext): Promise<BulkOutcome[]> {
      return script().onBulk(
        payloads.map(({ id }) => id),
        ctx,
      );
    }

    @JobHandler(fetchThing)
    async call(payload: LinePayload, ctx: TaskContext): Promise<JobOutcome> {
      script().tasks.push(payload.id);
      return script().onTask(payload.id, ctx);
    }
  }

  const env = Object.assign(new BaseEnv(), {
    NODE_ENV: 'test',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    ...(options.clockFile ? { WACO_CLOCK_FILE: options.clockFile } : {}),
  });
  @Module({
    imports: [
      PlatformModule.forRoot({ service: 'outbound', env }),
      DatabaseModule.forRoot({
        url: options.databaseUrl,
        service: 'outbound',
        entities: [],
        poolSize: options.poolSize ?? 20,
      }),
      JobsModule.forRoot({ url: options.queueUrl, prefix: options.prefix }),
    ],
    controllers: [Handlers],
  })
  class TestModule {}
  const created = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: false });
  connectJobs(created, 'outbound', {
    contracts: [say, interrupt, mark, fetchThing],
    prepare: { recipients: async (...asked) => (await script().known(...asked)) as Prepared },
    readAhead: { recipients: (...asked) => script().ahead(...asked) },
  });
  await created.startAllMicroservices();
  await created.init();
  return created;
}

export const merchantId = newId('mer');

/** Journals an item and, unless told otherwise, wakes its stream. */
export async function put<P extends object>(
  app: INestApplication,
  contract: JobContract<P>,
  payload: P,
  wake = true,
  now = new Date(),
): Promise<void> {
  const item = toItem(contract, payload, merchantId, now);
  await app.get(Tenants).transaction(merchantId, (tx) => app.get(Journal).append([item], now, tx));
  if (wake) await app.get(Waker).wake([wakeOf(item, now)]);
}
