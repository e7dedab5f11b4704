import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CLOCK, newId, type Clock } from '#platform';
import { CALM, copyDelays, type Chaos } from './chaos.js';
import { Documents, type Collection } from './documents.js';

const IN_FLIGHT = 64;
const TICK_MS = 25;
const ANSWER_WITHIN_MS = 10_000;
/** Nothing is ever due later than this; what seems to be was planned before the clock was set back. */
const LONGEST_WAIT_MS = 61_000;
const GIVE_UP_AFTER_MS = 7 * 24 * 3_600_000;

export interface Webhook {
  url: string;
  /** The exact text that is sent and signed. */
  body: string;
  /** The name under which a signer was registered with {@link WebhookSender.registerSigner}. */
  signer: string;
  /** The signing secret handed to the signer at each sending. */
  key: string;
  /** Webhooks of one lane keep their order while chaos does not shuffle; different lanes travel side by side. */
  lane?: string;
}

/** Makes the headers of one attempt, content type included. `now` is the platform's time of this attempt. */
export type Signer = (body: string, key: string, now: Date) => Record<string, string>;

interface Pending extends Webhook {
  id: string;
  attempt: number;
  firstSentAt: number;
  dueAt: number;
}

/**
 * Delivers webhooks as platforms do: at least once, again after anything but a 2xx (after 0.5 s, growing to
 * every 5 s, given up after 7 days), and, when chaos asks for it, several times and out of order.
 * What is not delivered yet survives a restart when the sandbox has a database.
 */
@Injectable()
export class WebhookSender implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(WebhookSender.name);
  private readonly pending: Collection<Pending>;
  private readonly settings: Collection<Chaos>;
  private readonly signers = new Map<string, Signer>();
  private readonly inFlight = new Set<string>();
  private readonly busyLanes = new Set<string>();
  private queue: Pending[] = [];
  private timer: NodeJS.Timeout | undefined;
  private pumping = false;
  private stopped = false;

  constructor(
    documents: Documents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.pending = documents.collection('world.webhooks');
    this.settings = documents.collection('world.settings');
  }

  get chaos(): Chaos {
    return this.settings.get('chaos') ?? CALM;
  }

  set chaos(chaos: Chaos) {
    this.settings.put('chaos', chaos);
  }

  /** Call it in a constructor: webhooks left from before a restart are re-signed by name. */
  registerSigner(name: string, signer: Signer): void {
    this.signers.set(name, signer);
  }

  send(webhook: Webhook): void {
    const now = this.clock.now().getTime();
    for (const delay of copyDelays(this.chaos, Math.random)) {
      const item = { ...webhook, id: newId('whk'), attempt: 0, firstSentAt: now, dueAt: now + delay };
      this.pending.put(item.id, item);
      this.queue.push(item);
    }
    this.pumpSoon();
  }

  /** Copies that have not been answered with a 2xx yet. */
  get waiting(): number {
    return this.queue.length + this.inFlight.size;
  }

  onApplicationBootstrap(): void {
    this.queue = [...this.pending.all()];
    this.timer = setInterval(() => this.pump(), TICK_MS);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** Many sends in one turn of the event loop look through the queue once. */
  private pumpSoon(): void {
    if (this.pumping) return;
    this.pumping = true;
    setImmediate(() => this.pump());
  }

  private pump(): void {
    this.pumping = false;
    if (this.stopped || this.queue.length === 0) return;
    const now = this.clock.now().getTime();
    const ordered = !this.chaos.shuffle;
    // A lane whose turn was held back stays behind what stands before it in the queue.
    const held = new Set<string>(ordered ? this.busyLanes : []);
    const left: Pending[] = [];
    for (const item of this.queue) {
      const lane = item.lane ?? item.id;
      const due = item.dueAt <= now || item.dueAt > now + LONGEST_WAIT_MS;
      const ready = due && !held.has(lane) && this.inFlight.size < IN_FLIGHT;
      if (!ready) {
        left.push(item);
        if (ordered && item.attempt === 0) held.add(lane);
        continue;
      }
      if (ordered) held.add(lane);
      this.start(item, lane);
    }
    this.queue = left;
  }

  private start(item: Pending, lane: string): void {
    this.inFlight.add(item.id);
    this.busyLanes.add(lane);
    void this.attempt(item).then((delivered) => {
      this.inFlight.delete(item.id);
      this.busyLanes.delete(lane);
      if (this.stopped) return;
      if (delivered) this.pending.delete(item.id);
      else this.retryLater(item);
      this.pumpSoon();
    });
  }

  private async attempt(item: Pending): Promise<boolean> {
    const signer = this.signers.get(item.signer);
    if (!signer) {
      this.log.error(`no signer named ${item.signer}`);
      return false;
    }
    try {
      const response = await fetch(item.url, {
        method: 'POST',
        body: item.body,
        headers: signer(item.body, item.key, this.clock.now()),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        redirect: 'manual',
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false; // unreachable, reset or too slow: all the same to the sender, tried again
    }
  }

  private retryLater(item: Pending): void {
    const now = this.clock.now().getTime();
    if (now - item.firstSentAt > GIVE_UP_AFTER_MS) {
      this.log.warn(`webhook given up after 7 days: ${item.url}`);
      this.pending.delete(item.id);
      return;
    }
    const next = { ...item, attempt: item.attempt + 1, dueAt: now + retryDelayMs(item.attempt) };
    this.pending.put(next.id, next);
    this.queue.push(next);
  }
}

/** After the first failure 0.5 s, then doubling, at most 5 s. */
function retryDelayMs(failedAttempts: number): number {
  return Math.min(5_000, 500 * 2 ** failedAttempts);
}
