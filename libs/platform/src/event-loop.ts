import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge } from 'prom-client';

/** A step that holds the event loop longer than this keeps everybody waiting, in milliseconds. */
const BLOCKED_MS = 200;
const LOOK_EVERY_MS = 1_000;
/** The histogram counts from one of its own timers to the next, so its smallest value is this. */
const RESOLUTION_MS = 10;

interface Watch {
  /** Longest delay since the last scrape, in milliseconds. */
  longest: number;
}

let watch: Watch | undefined;

/**
 * Measures how long the event loop of this process is held by single steps: the longest delay since the last scrape of
 * `/metrics`, and how often one was over 200 ms, which is logged as well. Called again, it changes nothing.
 */
export function watchEventLoop(service: string, log: (line: { event: string; ms: number }) => void): void {
  if (watch) return;
  const current: Watch = { longest: 0 };
  watch = current;
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const blocked = new Counter({
    name: 'waco_event_loop_blocked_total',
    help: 'Seconds in which one step held the event loop for more than 200 ms; alarm on any',
    labelNames: ['service'],
  });
  blocked.inc({ service }, 0);
  const look = (): void => {
    const ms = Math.max(0, Math.round(histogram.max / 1e6 - RESOLUTION_MS));
    histogram.reset();
    current.longest = Math.max(current.longest, ms);
    if (ms <= BLOCKED_MS) return;
    blocked.inc({ service });
    log({ event: 'event-loop.blocked', ms });
  };
  setInterval(look, LOOK_EVERY_MS).unref();
  const delay = new Gauge({
    name: 'waco_event_loop_delay_seconds',
    help: 'Longest time since the last scrape that one step held the event loop',
    labelNames: ['service'],
    collect() {
      look();
      delay.set({ service }, current.longest / 1_000);
      current.longest = 0;
    },
  });
}
