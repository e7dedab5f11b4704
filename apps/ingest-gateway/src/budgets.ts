/** What one merchant may have journaled by webhooks that it signs itself. */
export interface Allowance {
  /** In a minute, in the long run. */
  itemsPerMinute: number;
  bytesPerMinute: number;
  /** Webhooks that are being stored at the same time. */
  atOnce: number;
}

/** So much of a minute's allowance may come at once. */
const BURST_SECONDS = 5;
/** Of many small parts that are added up. */
const ROUNDING = 1e-6;
/** Merchants that had nothing lately are forgotten beyond this many. */
const REMEMBERED = 10_000;

interface Account {
  /** Part of the burst that is used up; above 1 nothing more is taken. */
  used: number;
  at: number;
  inside: number;
}

/**
 * Keeps one merchant's webhooks from filling journal and processors for all: those that the merchant signs itself, with
 * the secret of its own app, shop or payment account. The channel's own limits hold for what comes from the platform's app. Each
 * process counts for itself. A webhook that is too much is given back; its sender sends it again.
 */
export class Budgets {
  private readonly accounts = new Map<string, Account>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(
    private readonly allowance: Allowance,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Seconds until something more is taken of this merchant; 0: now. Costs the merchant nothing. */
  waitSeconds(merchantId: string): number {
    const account = this.accounts.get(merchantId);
    if (!account) return 0;
    const seconds = Math.ceil((this.usedNow(account) - 1) * BURST_SECONDS - ROUNDING);
    if (seconds > 0) return seconds;
    return account.inside >= this.allowance.atOnce ? 1 : 0;
  }

  /** Counts a webhook whose signature is right, for as long as `work` takes; what it brings is counted for good. */
  async count<T>(merchantId: string, items: number, bytes: number, work: () => Promise<T>): Promise<T> {
    const account = this.accountOf(merchantId);
    const { itemsPerMinute, bytesPerMinute } = this.allowance;
    const minutes = Math.max(items / itemsPerMinute, bytes / bytesPerMinute);
    account.used = this.usedNow(account) + (minutes * 60) / BURST_SECONDS;
    account.at = this.now();
    account.inside += 1;
    try {
      return await work();
    } finally {
      account.inside -= 1;
    }
  }

  private accountOf(merchantId: string): Account {
    const known = this.accounts.get(merchantId);
    if (known) return known;
    if (this.accounts.size >= REMEMBERED) this.forget();
    const account = { used: 0, at: this.now(), inside: 0 };
    this.accounts.set(merchantId, account);
    return account;
  }

  private usedNow({ used, at }: Account): number {
    return Math.max(0, used - (this.now() - at) / (BURST_SECONDS * 1_000));
  }

  private forget(): void {
    for (const [merchantId, account] of this.accounts) {
      if (account.inside === 0 && this.usedNow(account) === 0) this.accounts.delete(merchantId);
    }
  }
}
