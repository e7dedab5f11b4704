import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Notice } from '#core/tenancy';
import { CLOCK, type Clock } from '#platform';
import type { Webhooks } from '#vendors';
import { Budgets } from '../budgets.js';
import { isMerchantId, malformed, ok, unsigned } from '../answer.js';
import { Intake } from '../intake.js';
import type { Arrival } from '../items.js';
import { MERCHANTS_LIMIT, type Places, type Source, type Taker } from './source.js';

/** What one kind of vendor's accounts have of their own. */
export interface AccountKind<E> {
  name: string;
  webhooks: Webhooks<E>;
  /** The account at this address; undefined when there is none. */
  open(merchantId: string, places: Places): Promise<Account<E> | undefined>;
}

/** An account that sends webhooks. */
export interface Account<E> {
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
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  source<E>(kind: AccountKind<E>): Source {
    const { name, webhooks } = kind;
    const { header, form } = webhooks.reader;
    const taker = (places: Places): Taker => this.taker(kind, places);
    return {
      name,
      routes: webhooks.routes.map((path) => ({ path, limit: MERCHANTS_LIMIT, header, form, taker })),
    };
  }

  private taker<E>(kind: AccountKind<E>, places: Places): Taker {
    const merchantId = places.merchant!;
    return {
      merchantId: () => Promise.resolve(merchantId),
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
        return ok;
      },
    };
  }
}
