import { readFileSync } from 'node:fs';

/** The platform's time. Everything that decides by time asks a Clock, never `Date.now()`. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/**
 * Real time plus an offset that is read from a small JSON file (`{ "offsetMs": number }`), so that all
 * processes of a development or test stack can be moved through time together.
 * The file is looked at no more than every 50 ms; a missing or unreadable file means no offset.
 */
export function fileClock(path: string): Clock {
  let offsetMs = 0;
  let readAt = 0;
  return {
    now() {
      const real = Date.now();
      if (real - readAt > 50) {
        readAt = real;
        offsetMs = readOffset(path);
      }
      return new Date(real + offsetMs);
    },
  };
}

function readOffset(path: string): number {
  try {
    const parsed = JSON.parse(readFileSync(path, 'utf8')) as { offsetMs?: unknown };
    return typeof parsed.offsetMs === 'number' ? parsed.offsetMs : 0;
  } catch {
    return 0; // no file yet, or one that is being replaced: real time until the next look
  }
}

/** The clock that the environment asks for: shiftable when `WACO_CLOCK_FILE` is set, which production refuses. */
export function clockFromEnv(env: { NODE_ENV?: string; WACO_CLOCK_FILE?: string }): Clock {
  if (!env.WACO_CLOCK_FILE) return systemClock;
  if (env.NODE_ENV === 'production') {
    throw new Error('WACO_CLOCK_FILE is for development and tests: unset it in production');
  }
  return fileClock(env.WACO_CLOCK_FILE);
}
