import { Body, Controller, Get, HttpCode, Inject, Post, Put, ValidationPipe } from '@nestjs/common';
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsInt, Max, Min } from 'class-validator';
import { CLOCK, ENV, type Clock } from '#platform';
import { SandboxEnv } from '../env.js';
import { ChaosBody, type Chaos } from './chaos.js';
import { problem } from './problem.js';
import { WebhookSender } from './webhooks.js';

/** Clocks look at their file at most every 50 ms. */
const CLOCKS_HAVE_SEEN_IT_MS = 60;

const YEAR_MS = 366 * 86_400_000;

class ClockBody {
  /**
   * Moves the clock on by this much. Never back: what the stack has stored (windows, slots, holds) would lie in its
   * future, and the chat would be silent until then.
   */
  @IsInt()
  @Min(0)
  @Max(YEAR_MS)
  advanceMs: number;
}

interface ClockState {
  now: string;
  offsetMs: number;
  shiftable: boolean;
}

const strict = () => new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/** The levers of the simulated world that belong to no platform: time, and how webhooks travel. */
@Controller('control')
export class ControlController {
  constructor(
    @Inject(ENV) private readonly env: SandboxEnv,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly webhooks: WebhookSender,
  ) {}

  @Get('chaos')
  chaos(): Chaos & { waiting: number } {
    return { ...this.webhooks.chaos, waiting: this.webhooks.waiting };
  }

  @Put('chaos')
  setChaos(@Body(strict()) body: ChaosBody): Chaos {
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const chaos: Chaos = { ...this.webhooks.chaos, ...given };
    if (chaos.copies[0] > chaos.copies[1]) throw problem(422, 'copies must be [least, most]');
    this.webhooks.chaos = chaos;
    return chaos;
  }

  @Get('clock')
  time(): ClockState {
    const now = this.clock.now();
    return {
      now: now.toISOString(),
      offsetMs: Math.round((now.getTime() - Date.now()) / 10) * 10,
      shiftable: this.env.WACO_CLOCK_FILE !== undefined,
    };
  }

  @Post('clock')
  @HttpCode(200)
  async setTime(@Body(strict()) body: ClockBody): Promise<ClockState> {
    const file = this.env.WACO_CLOCK_FILE;
    if (!file)
      throw problem(409, 'this stack runs on real time: start it with WACO_CLOCK_FILE to move its clock');
    const current = this.clock.now().getTime() - Date.now();
    const offsetMs = Math.round(current + body.advanceMs);
    writeFileSync(`${file}.new`, JSON.stringify({ offsetMs }));
    renameSync(`${file}.new`, file);
    await sleep(CLOCKS_HAVE_SEEN_IT_MS);
    return { ...this.time(), offsetMs };
  }
}
