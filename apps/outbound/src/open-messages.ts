import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { openMessages } from './metrics.js';

const EVERY_MS = 10_000;

/** Measures unfinished messages over all merchants every ten seconds. */
@Injectable()
export class OpenMessages implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly database: DataSource) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.measure();
    }, EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async measure(): Promise<void> {
    try {
      const rows = (await this.database.query(
        `SELECT state, messages::int FROM outbound.open_messages()`,
      )) as { state: string; messages: number }[];
      openMessages.reset();
      for (const { state, messages } of rows) openMessages.set({ state }, messages);
    } catch {
      // Readiness says that the database does not answer.
    }
  }
}
