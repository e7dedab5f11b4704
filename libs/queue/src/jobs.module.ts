import {
  Catch,
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplication,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type RpcExceptionFilter,
} from '@nestjs/common';
import { Ctx, EventPattern, Payload, type NestMicroservice } from '@nestjs/microservices';
import { Logger } from 'nestjs-pino';
import { throwError, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { CONTRACTS, type BulkOutcome, type JobContract, type JobOutcome, type JobOwner } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock, type ReadinessCheck } from '#platform';
import { openQueueBackend, type QueueBackend } from './backend.js';
import type { BulkContext } from './context.js';
import type { ProcessorDeps } from './handling.js';
import { JOBS, JobsStrategy } from './strategy.js';
import { Sweeper } from './sweeper.js';
import { Waker } from './waker.js';

export const QUEUE_READY = Symbol('QUEUE_READY');
const BACKEND = Symbol('QUEUE_BACKEND');

type Handle<P> = (payload: P, ...context: never[]) => Promise<JobOutcome>;
type HandleTogether<P> = (payloads: P[], context: BulkContext) => Promise<BulkOutcome[]>;

/**
 * Marks a method as the handler of a job: `(payload, context) => Promise<JobOutcome>`, where context is an
 * OrderedContext or a TaskContext, as the job's queue is.
 */
export function JobHandler<P extends object>(contract: JobContract<P>) {
  return <T extends Handle<P>>(target: object, key: string, descriptor: TypedPropertyDescriptor<T>): void => {
    handles(contract.name, target, key, descriptor);
  };
}

/** The same of a bulk queue: `(payloads, context: BulkContext) => Promise<BulkOutcome[]>`, an outcome for each payload. */
export function BulkJobHandler<P extends object>(contract: JobContract<P>) {
  return <T extends HandleTogether<P>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    handles(contract.name, target, key, descriptor as PropertyDescriptor);
  };
}

function handles(name: string, target: object, key: string, descriptor: PropertyDescriptor): void {
  Payload()(target, key, 0);
  Ctx()(target, key, 1);
  (EventPattern(name, JOBS) as MethodDecorator)(target, key, descriptor);
}

/** Opens and closes what runs beside the handlers: the sweep, and the queue server's connections. */
@Injectable()
class JobsLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(BACKEND) private readonly backend: QueueBackend,
    private readonly waker: Waker,
    private readonly sweeper: Sweeper,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.sweeper.start();
    this.backend.warnings().then(
      (warnings) => warnings.forEach((w) => this.logger.warn(w)),
      () => undefined, // readiness says that the server does not answer
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
    await this.waker.close();
    await this.backend.close();
  }
}

/** The queue server, the waker and the sweep of one service. */
@Module({})
export class JobsModule {
  static forRoot(options: { url: string; prefix: string }): DynamicModule {
    return {
      module: JobsModule,
      global: true,
      providers: [
        { provide: BACKEND, useFactory: () => openQueueBackend(options.url, options.prefix) },
        { provide: Waker, useFactory: (backend: QueueBackend) => new Waker(backend), inject: [BACKEND] },
        {
          provide: Sweeper,
          useFactory: (journal: Journal, waker: Waker, clock: Clock, logger: Logger) =>
            new Sweeper(journal, waker, clock, (line) => logger.warn(line)),
          inject: [Journal, Waker, CLOCK, Logger],
        },
        {
          provide: QUEUE_READY,
          useFactory: (backend: QueueBackend): ReadinessCheck => ({
            name: 'queue',
            check: () => backend.ping(),
          }),
          inject: [BACKEND],
        },
        JobsLifecycle,
      ],
      exports: [Waker, QUEUE_READY],
    };
  }
}

/** Nest hides what a handler threw behind "Internal server error"; the retry needs the reason. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Connects the handlers of the jobs that `owner` owns. Call it from `bootService`'s `configure`. */
export function connectJobs(
  app: INestApplication,
  owner: JobOwner,
  {
    contracts = CONTRACTS.filter((c) => c.queue.owner === owner),
    prepare,
    readAhead,
  }: { contracts?: readonly JobContract[] } & Pick<ProcessorDeps, 'prepare' | 'readAhead'> = {},
): void {
  const logger = app.get(Logger, { strict: false });
  const deps = {
    journal: app.get(Journal, { strict: false }),
    tenants: app.get(Tenants, { strict: false }),
    waker: app.get(Waker, { strict: false }),
    clock: app.get<Clock>(CLOCK, { strict: false }),
    prepare,
    readAhead,
    log: (line: { event: string }) =>
      line.event === 'job.finished' ? logger.debug(line) : logger.warn(line),
  };
  const backend = app.get<QueueBackend>(BACKEND, { strict: false });
  const connections = app.get(DataSource, { strict: false }).options.poolSize ?? 10;
  const strategy = new JobsStrategy(backend, contracts, deps, connections);
  // Filters count only if they are there before the handlers are registered.
  const jobs = app.connectMicroservice({ strategy }, { inheritAppConfig: false, deferInitialization: true });
  jobs.useGlobalFilters(new PassErrorsOn());
  // The application calls the start hooks itself: without this a deferred transport would call all of them too.
  (jobs as NestMicroservice).setIsInitHookCalled(true);
}
