import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Lane } from '#contracts';
import { Gauge, type ReadinessCheck } from '#platform';
import { Waker } from './waker.js';

const WATCHED = Symbol('WATCHED_LANES');
/** Names paused queues beside readiness. It never fails: a pod that is taken out works off nothing either. */
export const PAUSED_QUEUES = Symbol('PAUSED_QUEUES');

const LOOK_EVERY_MS = 5_000;

const paused = new Gauge({
  name: 'waco_queue_paused',
  help: '1: somebody has paused the queue, and nothing of it is begun',
  labelNames: ['queue'],
});

/** Looks every few seconds which queues are paused. While the queue server is away, its last answer stands. */
@Injectable()
export class PausedQueues implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly known = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly waker: Waker,
    @Inject(WATCHED) private readonly lanes: readonly Lane[],
  ) {}

  onApplicationBootstrap(): void {
    if (this.lanes.length === 0) return;
    const look = (): void => {
      this.looking ??= this.look().finally(() => (this.looking = undefined));
    };
    look();
    this.timer = setInterval(look, LOOK_EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Names of queues that were paused when they were looked at last. */
  names(): string[] {
    return [...this.known].toSorted();
  }

  private async look(): Promise<void> {
    await Promise.all(
      this.lanes.map(async ({ name }) => {
        try {
          const isPaused = await this.waker.queue(name).isPaused();
          paused.set({ queue: name }, isPaused ? 1 : 0);
          if (isPaused) this.known.add(name);
          else this.known.delete(name);
        } catch {
          // Readiness says that the queue server does not answer.
        }
      }),
    );
  }
}

/** Watches these lanes: a service its own, the admin all of them. */
@Module({})
export class PausedQueuesModule {
  static forRoot(lanes: readonly Lane[]): DynamicModule {
    return {
      module: PausedQueuesModule,
      global: true,
      providers: [
        { provide: WATCHED, useValue: lanes },
        PausedQueues,
        {
          provide: PAUSED_QUEUES,
          useFactory: (queues: PausedQueues): ReadinessCheck => ({
            name: 'paused queues',
            check: () => Promise.resolve(),
            paused: () => queues.names(),
          }),
          inject: [PausedQueues],
        },
      ],
      exports: [PAUSED_QUEUES],
    };
  }
}
