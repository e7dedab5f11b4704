import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import type { RefusedWebhook, WebhookRefusal, WebhookSender } from '#core/tenancy';
import { Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import * as metrics from './metrics.js';
import { WebhookTally, type Change } from './webhook-tally.js';

const WRITE_EVERY_MS = 3_000;
/** Addresses of which is looked up at a time whose they are; of requests to more, only the metric tells. */
const LOOKING_AT_ONCE = 8;
/** Of one sender, or of all that nobody knows, a line in the log at most this often, in milliseconds. */
const LINE_EVERY_MS = 60_000;
/** Senders whose last line is remembered. */
const MOST_LINES = 10_000;

/** A refused request, as it came in. */
export interface RefusedRequest {
  source: string;
  reason: WebhookRefusal;
  route: string;
  bytes: number | null;
  /** It was sent to. */
  address: string;
  /** Whose that is; undefined for nobody that is known. */
  sender?: () => Promise<WebhookSender | undefined>;
}

/** Writes down when webhooks of each connection were last accepted, and which were refused: every few seconds, in bulk. */
@Injectable()
export class WebhookBook implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly tally = new WebhookTally();
  private readonly lines = new Map<string, { at: number; refused: number }>();
  private readonly looking = new Map<string, Promise<WebhookSender | undefined>>();
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tenants: Tenants,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    await this.write(true);
  }

  accepted(senders: Iterable<WebhookSender>): void {
    const now = this.clock.now();
    for (const sender of senders) this.tally.accept(sender, now);
  }

  /** It is signed rightly, and acknowledged, and of no effect. */
  switchedOff(source: string, route: string, sender: WebhookSender): void {
    this.count(source, sender, { at: this.clock.now(), reason: 'disabled', route, bytes: null });
  }

  /** Never throws. Resolves when it is counted. */
  async refused({ source, reason, route, bytes, address, sender: find }: RefusedRequest): Promise<void> {
    const at = this.clock.now();
    const sender = find && (await this.lookUp(address, find));
    const why = sender?.id === '' ? 'unknown_account' : reason;
    this.count(source, sender, { at, reason: why, route, bytes });
  }

  /** Never throws. What cannot be written waits for the next time. */
  write(all = false): Promise<void> {
    this.writing ??= this.writeChanges(all).finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private count(source: string, sender: WebhookSender | undefined, refusal: RefusedWebhook): void {
    metrics.refused.inc({ source, reason: refusal.reason });
    if (sender) this.tally.refuse(sender, refusal);
    this.tell(source, sender, refusal);
  }

  /** Undefined as well when too many are asked after already, or nobody could say: the database may be away. */
  private lookUp(
    address: string,
    find: () => Promise<WebhookSender | undefined>,
  ): Promise<WebhookSender | undefined> | undefined {
    const underway = this.looking.get(address);
    if (underway) return underway;
    if (this.looking.size >= LOOKING_AT_ONCE) return undefined;
    const found = find()
      .catch(() => undefined)
      .finally(() => this.looking.delete(address));
    this.looking.set(address, found);
    return found;
  }

  private tell(
    source: string,
    sender: WebhookSender | undefined,
    { reason, route, bytes }: RefusedWebhook,
  ): void {
    const { merchantId, port, id } = sender ?? {};
    const key = sender ? `${source} ${merchantId} ${port} ${id}` : source;
    const now = performance.now();
    const line = this.lines.get(key) ?? { at: Number.NEGATIVE_INFINITY, refused: 0 };
    line.refused += 1;
    if (now - line.at >= LINE_EVERY_MS) {
      const { refused } = line;
      this.logger.warn({
        event: 'webhook.refused',
        source,
        reason,
        route,
        bytes,
        merchantId,
        account: id,
        refused,
      });
      Object.assign(line, { at: now, refused: 0 });
    }
    this.lines.delete(key);
    this.lines.set(key, line);
    if (this.lines.size > MOST_LINES) this.lines.delete(this.lines.keys().next().value!);
  }

  private async writeChanges(all: boolean): Promise<void> {
    await Promise.all(this.looking.values());
    const changes = this.tally.take(this.clock.now(), all);
    for (const [merchantId, ofMerchant] of byMerchant(changes)) {
      try {
        await this.tenants.transaction(
          merchantId,
          (tx) => tx.query(WRITE, [merchantId, rowsOf(ofMerchant)]),
          {
            durable: false,
          },
        );
      } catch (error) {
        this.tally.giveBack(ofMerchant);
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn({ event: 'webhook.not-counted', merchantId, reason });
      }
    }
  }
}

function byMerchant(changes: readonly Change[]): Map<string, Change[]> {
  const found = new Map<string, Change[]>();
  for (const change of changes) {
    const { merchantId } = change.sender;
    found.set(merchantId, [...(found.get(merchantId) ?? []), change]);
  }
  return found;
}

function rowsOf(changes: readonly Change[]): string {
  return JSON.stringify(
    changes.map(
      ({ sender: { port, kind, id }, acceptedAt, refused, refusedSince, refusedAt, reasons, latest }) => ({
        port,
        kind,
        id,
        accepted_at: acceptedAt,
        refused,
        refused_since: refusedSince,
        refused_at: refusedAt,
        reasons,
        latest,
      }),
    ),
  );
}

/** After a day without any, and after one that was accepted, refusals are counted anew. A closed merchant's are not counted: it may be erased meanwhile. */
const WRITE = `
  INSERT INTO ingest.webhook_senders AS known
    (merchant_id, port, kind, id, accepted_at, refused, refused_since, refused_at, reasons, latest)
  SELECT $1, c.* FROM jsonb_to_recordset($2::jsonb) AS c(port text, kind text, id text, accepted_at timestamptz, refused bigint,
    refused_since timestamptz, refused_at timestamptz, reasons jsonb, latest jsonb)
  WHERE EXISTS (SELECT FROM tenancy.merchants WHERE merchant_id = $1 AND status <> 'closed')
  ORDER BY port, kind, id
  ON CONFLICT (merchant_id, port, kind, id) DO UPDATE SET
    accepted_at = greatest(known.accepted_at, EXCLUDED.accepted_at),
    (refused, refused_since, reasons) = (
      SELECT EXCLUDED.refused + CASE WHEN goes_on THEN known.refused ELSE 0 END,
        CASE WHEN goes_on THEN least(known.refused_since, EXCLUDED.refused_since) ELSE EXCLUDED.refused_since END,
        (SELECT coalesce(jsonb_object_agg(reason, count), '{}') FROM (
          SELECT reason, sum(n::bigint) AS count FROM (
            SELECT * FROM jsonb_each_text(EXCLUDED.reasons)
            UNION ALL SELECT * FROM jsonb_each_text(known.reasons) WHERE goes_on
          ) one(reason, n) GROUP BY reason) summed)
      FROM (SELECT EXCLUDED.refused = 0 OR known.refused_at > EXCLUDED.refused_since - interval '1 day'
        AND known.refused_at > coalesce(greatest(known.accepted_at, EXCLUDED.accepted_at), '-infinity') AS goes_on) x),
    refused_at = greatest(known.refused_at, EXCLUDED.refused_at),
    latest = CASE WHEN EXCLUDED.refused = 0 THEN known.latest ELSE
      (SELECT jsonb_agg(one ORDER BY at DESC) FROM (
        SELECT one, one->>'at' AS at FROM jsonb_array_elements(EXCLUDED.latest || known.latest) one
        ORDER BY one->>'at' DESC LIMIT 10) newest) END`;
