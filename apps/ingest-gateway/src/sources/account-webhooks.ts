import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Notice, WebhookSender } from '#core/tenancy';
import { Directory } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import type { Webhooks } from '#vendors';
import { Budgets } from '../budgets.js';
import { isMerchantId, malformed, ok, unsigned } from '../answer.js';
import { Intake } from '../intake.js';
import type { Arrival } from '../items.js';
import { WebhookBook } from '../webhook-book.js';
import { MERCHANTS_LIMIT, type Places, type Source, type Taker } from './source.js';

/** What one kind of vendor's accounts have of their own. */
export interface AccountKind<E> {
  name: string;
  port: WebhookSender['port'];
  webhooks: Webhooks<E>;
  /** The account at this address; undefined when there is none. */
  open(merchantId: string, places: Places): Promise<Account<E> | undefined>;
}

/** An account that sends webhooks. */
export interface Account<E> {
  /** What tells it from the merchant's others of its kind. */
  id: string;
  /** What it says is kept, and of no effect. */
  isSwitchedOff?: boolean;
  /** What it signs with now. */
  secrets: readonly string[];
  arrivalOf(notice: Notice<E>, now: Date): Arrival;
}

/** Webhooks of what merchants connect: each account has an address and a secret of its own. */
@Injectable()
export class AccountWebhooks {
  constructor(
    private readonly intake: Intake,
    private readonly budgets: Budgets,
    private readonly directory: Directory,
    private readonly book: WebhookBook,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  source<E>(kind: AccountKind<E>): Source {
    const { name, webhooks } = kind;
    const { header, form } = webhooks.reader;
    return {
      name,
      routes: webhooks.routes.map((path) => ({
        path,
        limit: MERCHANTS_LIMIT,
        header,
        form,
        taker: (places: Places) => this.taker(kind, path, places),
      })),
    };
  }

  private taker<E>(kind: AccountKind<E>, path: string, places: Places): Taker {
    const merchantId = places.merchant!;
    const senderOf = (id: string): WebhookSender => ({ merchantId, port: kind.port, kind: kind.name, id });
    return {
      merchantId: () => Promise.resolve(merchantId),
      sender: async () => {
        if (!isMerchantId(merchantId)) return undefined;
        const account = await kind.open(merchantId, places);
        if (account) return senderOf(account.id);
        const merchant = await this.directory.merchant(merchantId);
        return merchant ? senderOf('') : undefined;
      },
      receive: async (rawBody, signature, signal) => {
        const account = isMerchantId(merchantId) ? await kind.open(merchantId, places) : undefined;
        const now = this.clock.now();
        // For an account that does not exist the signature is checked as well, against a secret that nobody has.
        const secrets = account?.secrets ?? [randomBytes(16).toString('hex')];
        const reading = kind.webhooks.reader.read(rawBody, signature, secrets, now);
        if (reading.outcome === 'unsigned' || !account) return unsigned;
        if (reading.outcome === 'malformed') return malformed(reading.reason);
        const arrivals = reading.notices.map((notice) => account.arrivalOf(notice, now));
        await this.budgets.count(merchantId, arrivals.length, rawBody.length, () =>
          this.intake.take(kind.name, arrivals, signal),
        );
        if (account.isSwitchedOff) this.book.switchedOff(kind.name, path, senderOf(account.id));
        else this.book.accepted([senderOf(account.id)]);
        return ok;
      },
    };
  }
}
