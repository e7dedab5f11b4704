import type { ErrorClass, ErrorPolicy } from '#core/outbound';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const pause = (cls: ErrorClass, waitMs: number): ErrorPolicy => ({
  class: cls,
  action: 'pause_account',
  waitMs,
});
const fail = (cls: ErrorClass, deadLetter = false): ErrorPolicy => ({
  class: cls,
  action: 'fail',
  deadLetter,
});
const transient = (waitMs: number): ErrorPolicy => ({
  class: 'transient',
  action: 'retry',
  retries: 5,
  waitMs,
});

/** Meta, Cloud API error codes (12 Dec 2025) with the pages on user ids and Marketing Messages. */
const POLICIES: readonly (readonly [codes: readonly number[], policy: ErrorPolicy])[] = [
  [[0, 3, 10, 190, 131005], pause('auth', MINUTE)],
  [[368, 131031], pause('policy', HOUR)],
  [[130497], fail('country')],
  [[4, 80007], pause('account_rate', 2 * MINUTE)],
  [[130429], { class: 'number_rate', action: 'slow_number' }],
  [[131056], { class: 'pair_rate', action: 'hold_pair' }],
  [[131048], { class: 'spam', action: 'retry', retries: 5, waitMs: 15 * MINUTE }],
  [[1, 2, 131000, 131016, 133004, 2494100], transient(2 * SECOND)],
  // The number is being moved to a higher throughput, which takes about a minute.
  [[131057], transient(MINUTE)],
  [
    [
      33, 100, 131008, 131009, 131021, 131051, 131055, 132005, 132007, 132018, 134100, 135000, 134102, 134103,
      1752041,
    ],
    fail('request', true),
  ],
  [[132000, 132001, 132012], { class: 'template_mismatch', action: 'replan' }],
  [[131052, 131053], { class: 'media', action: 'replan' }],
  [[131026, 130472], fail('recipient')],
  [[131050], fail('opted_out')],
  [[131047], { class: 'window', action: 'replan' }],
  [[131049], { class: 'ecosystem_cap', action: 'retry', retries: 2, waitMs: DAY }],
  [[132015], { class: 'template_paused', action: 'replan' }],
  [[132016], { class: 'template_disabled', action: 'replan' }],
  [[134101], { class: 'template_syncing', action: 'retry', retries: 3, waitMs: 10 * MINUTE }],
  [[132068, 132069], fail('flow', true)],
  [[131042], pause('billing', 10 * MINUTE)],
  [
    [131037, 131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
    pause('registration', 5 * MINUTE),
  ],
  [[131062], fail('identity')],
  [[134011, 2046, 2047], fail('payments', true)],
];

const BY_CODE = new Map(POLICIES.flatMap(([codes, policy]) => codes.map((code) => [code, policy] as const)));

/** An unknown code may be a passing fault of the channel: once more, then a person must look. */
const UNKNOWN: ErrorPolicy = {
  class: 'unknown',
  action: 'retry',
  retries: 1,
  waitMs: 5 * SECOND,
  deadLetter: true,
};

/** The policy for a code. Only the code counts: titles change and the HTTP status says nothing. */
export function classifyError(code: number): ErrorPolicy {
  if (code >= 200 && code <= 299) return classifyError(190); // the permission errors
  return BY_CODE.get(code) ?? UNKNOWN;
}
