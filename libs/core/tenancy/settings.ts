import type { PaymentRoute } from './payment-routes.js';
import { checkRetention, type RetentionSettings } from './retention.js';

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface BusinessHours {
  /** IANA, e.g. `Asia/Dubai`. */
  timeZone: string;
  /** `HH:MM`, from and up to; several a day do not overlap, none goes past midnight. */
  open: { day: Weekday; from: string; to: string }[];
  /** Dates (`YYYY-MM-DD`) on which it is closed all day. */
  closedOn?: string[];
}

export interface Courier {
  code: string;
  name: string;
  /** With `{code}` where the tracking code stands. */
  trackingUrl?: string;
  countries?: string[];
}

export interface StaffMember {
  name: string;
  email?: string;
  phone?: string;
  languages?: string[];
}

/** Everything that a merchant chooses for itself, in sections. A section that is absent has not been chosen. */
export interface MerchantSettings {
  payments?: { routes: PaymentRoute[] };
  couriers?: Courier[];
  languages?: { first: string; others: string[] };
  /** Countries that goods are sold to, ISO 3166-1 alpha-2. */
  regions?: string[];
  businessHours?: BusinessHours;
  limits?: { messagesPerDay?: number; openOrdersPerCustomer?: number; maxOrderMinor?: number };
  budgets?: { currency: string; messagingMinorPerMonth?: number; modelMinorPerMonth?: number };
  staff?: StaffMember[];
  retention?: RetentionSettings;
}

/**
 * The settings as something that is kept for good may say them: of staff, how many there are and what they speak. Who
 * they are goes when they, or the merchant, go.
 */
export function withoutStaff(settings: MerchantSettings): object {
  const { staff, ...others } = settings;
  if (staff === undefined) return others;
  return { ...others, staff: staff.map(({ languages }) => (languages === undefined ? {} : { languages })) };
}

/** A rule that spans several fields and is broken. `field` is a path in the document. */
export interface SettingsProblem {
  field: string;
  rule: string;
  detail: string;
}

/** The rules that no single field can keep. The fields themselves are right already. */
export function checkSettings(settings: MerchantSettings): SettingsProblem[] {
  const { payments, couriers, languages, businessHours, retention } = settings;
  return [
    ...twice('payments.routes', payments?.routes ?? [], (r) => `${r.country ?? '*'}/${r.currency ?? '*'}`),
    ...twice('couriers', couriers ?? [], (c) => c.code),
    ...twice(
      'languages.others',
      [...(languages ? [languages.first] : []), ...(languages?.others ?? [])],
      (l) => l,
    ),
    ...(businessHours ? checkHours(businessHours) : []),
    ...(retention ? checkRetention(retention) : []),
  ];
}

export function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +04:00 are taken by newer engines, and know no summer time.
    return /^[A-Z][A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

function checkHours({ timeZone, open }: BusinessHours): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  if (!isTimeZone(timeZone)) {
    const detail = 'timeZone must be an IANA time zone, e.g. Asia/Dubai';
    problems.push({ field: 'businessHours.timeZone', rule: 'timeZone', detail });
  }
  open.forEach((span, index) => {
    const field = `businessHours.open.${index}`;
    // Two-digit times compare as text.
    if (span.from >= span.to) {
      problems.push({
        field: `${field}.to`,
        rule: 'after',
        detail: 'to must be later than from, on one day',
      });
    }
    if (open.slice(0, index).some((o) => o.day === span.day && o.from < span.to && span.from < o.to)) {
      const detail = `this overlaps with other hours of ${span.day}`;
      problems.push({ field, rule: 'overlap', detail });
    }
  });
  return problems;
}

function twice<T>(field: string, items: readonly T[], keyOf: (item: T) => string): SettingsProblem[] {
  const keys = items.map(keyOf);
  const repeated = keys.find((key, index) => keys.indexOf(key) < index);
  return repeated === undefined ? [] : [{ field, rule: 'unique', detail: `${field} names the same twice` }];
}
