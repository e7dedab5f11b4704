import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Counts of keys that nobody has used for this long are forgotten, in milliseconds. */
const FORGET_AFTER_MS = 3_600_000;
const FORGET_EVERY_MS = 600_000;

export interface Count {
  /** In the window that is open, this hit with them. */
  hits: number;
  /** In the one before, if it ended when this one began. */
  hitsBefore: number;
  /** How long the window has been open, in milliseconds. */
  openMs: number;
}

/** Counts that all replicas of this service share. The database's clock tells the windows. */
@Injectable()
export class RequestCounts {
  private forgotAt = performance.now();

  constructor(private readonly database: DataSource) {}

  /** Counts one more. `key` is stored as its hash: an address is nobody's to read later. */
  async hit(key: string, windowMs: number): Promise<Count> {
    const [count] = (await this.database.query(
      `WITH t AS (SELECT clock_timestamp() AS at, $2 * interval '1 ms' AS width)
       INSERT INTO tenancy.request_counts AS c (key, started_at, hits, hits_before)
         SELECT $1, t.at, 1, 0 FROM t
       ON CONFLICT (key) DO UPDATE SET
         started_at = CASE WHEN excluded.started_at < c.started_at + $2 * interval '1 ms'
           THEN c.started_at ELSE excluded.started_at END,
         hits = CASE WHEN excluded.started_at < c.started_at + $2 * interval '1 ms' THEN c.hits + 1 ELSE 1 END,
         hits_before = CASE WHEN excluded.started_at < c.started_at + $2 * interval '1 ms' THEN c.hits_before
           WHEN excluded.started_at < c.started_at + $2 * interval '2 ms' THEN c.hits ELSE 0 END
       RETURNING hits, hits_before AS "hitsBefore",
         greatest(0, extract(epoch FROM clock_timestamp() - started_at) * 1000)::float8 AS "openMs"`,
      [createHash('sha256').update(key).digest('hex'), windowMs],
    )) as Count[];
    this.forgetOld();
    return count!;
  }

  /** Counts one more, and says how many there were within the last `windowMs`, taking the window before in part. */
  async recent(key: string, windowMs: number): Promise<number> {
    const { hits, hitsBefore, openMs } = await this.hit(key, windowMs);
    return hits + Math.floor(hitsBefore * Math.max(0, 1 - openMs / windowMs));
  }

  private forgetOld(): void {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    this.database
      .query(
        `DELETE FROM tenancy.request_counts WHERE started_at < clock_timestamp() - $1 * interval '1 ms'`,
        [FORGET_AFTER_MS],
      )
      .catch(() => undefined); // the next one forgets them as well
  }
}
