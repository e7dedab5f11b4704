import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { BUILD_INFO, type BuildInfo } from './build-info.js';

/** One thing that must answer before this process takes work. It throws when it does not. */
export interface ReadinessCheck {
  name: string;
  check(): Promise<void>;
  /** Queues of this process that somebody has paused, as they were seen last. They are told, and fail nothing. */
  paused?(): string[];
}

export const READINESS_CHECKS = Symbol('READINESS_CHECKS');

/**
 * `GET /health`: the process runs, and which build of which service it is.
 * `GET /health/live`: the process runs.
 * `GET /health/ready`: everything that the process depends on answers, else 503 with the names of what does not. Paused queues
 * are named as well.
 */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(READINESS_CHECKS) private readonly checks: ReadinessCheck[],
    @Inject(BUILD_INFO) private readonly build: BuildInfo,
  ) {}

  @Get()
  about(): { status: 'ok' } & BuildInfo {
    return { status: 'ok', ...this.build };
  }

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(): Promise<{ status: 'ok'; paused?: string[] }> {
    const results = await Promise.allSettled(this.checks.map((c) => withTimeout(c.check(), 2_000)));
    const failing = this.checks.filter((_, i) => results[i]!.status === 'rejected').map((c) => c.name);
    if (failing.length > 0) throw new ServiceUnavailableException({ status: 'unavailable', failing });
    const paused = this.checks.flatMap((c) => c.paused?.() ?? []);
    return { status: 'ok', ...(paused.length > 0 ? { paused } : {}) };
  }
}

function withTimeout(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
