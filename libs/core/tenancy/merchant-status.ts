export const MERCHANT_STATUSES = ['active', 'suspended', 'closed'] as const;
export type MerchantStatus = (typeof MERCHANT_STATUSES)[number];

/** What may follow what. A closed merchant stays closed. */
export const STATUS_TRANSITIONS: Readonly<Record<MerchantStatus, readonly MerchantStatus[]>> = {
  active: ['suspended', 'closed'],
  suspended: ['active', 'closed'],
  closed: [],
};

/** A customer's message that has waited this long is not answered any more: the service window has closed on it. */
const TOO_OLD_MS = 24 * 3_600_000;

/**
 * What becomes of a customer's message: answered now, held until the merchant is resumed, or only noted, because it
 * waited for a resumption that came too late for it, or the merchant is gone.
 */
export function judgeInbound(
  merchant: { status: MerchantStatus; resumedAt: Date | null },
  sentAt: Date,
): 'answer' | 'hold' | 'note' {
  if (merchant.status === 'suspended') return 'hold';
  if (merchant.status === 'closed') return 'note';
  const { resumedAt } = merchant;
  return resumedAt && resumedAt.getTime() - sentAt.getTime() > TOO_OLD_MS ? 'note' : 'answer';
}
