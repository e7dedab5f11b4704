import type { ChannelRules } from '../channel-rules.js';

/** The rules of a channel that does not exist, with everything that a channel may limit. */
export const STRICT: ChannelRules = {
  window: { lengthMs: 2 * 3_600_000, marginMs: 30_000 },
  outsideWindow: 'template',
  pair: { refillMs: 2_000, burst: 9, marginMs: 50, hold: { firstMs: 500, factor: 3, mostMs: 40_000 } },
  throughput: { usual: 10, most: 50 },
  templates: {
    sendable: ['ready', 'ready again'],
    paused: { state: 'resting', recheckMs: 3_600_000 },
    disabled: { state: 'gone', recheckMs: null },
    mismatched: { state: 'unfit', recheckMs: 60_000 },
  },
  idempotentSends: false,
  verifiesPhone: false,
  codeOfNone: 500,
  limits: {
    text: 300,
    body: 200,
    header: 30,
    footer: 30,
    url: 120,
    list: { button: 12, rows: 5, sectionTitle: 12, id: 40, title: 14, description: 30 },
    buttons: { count: 2, id: 40, title: 10, image: false },
    link: { label: 10 },
    product: { id: 30 },
    filledTemplate: 200,
  },
};

/** Each lacks something that others have. */
export const SAMPLE_RULES = {
  'a strict channel': STRICT,
  'one without a window': { ...STRICT, window: null },
  'one without a pair rate': { ...STRICT, pair: null },
  'one that takes nothing outside its window': {
    ...STRICT,
    outsideWindow: 'nothing',
    templates: null,
    limits: { ...STRICT.limits, filledTemplate: null },
  },
  'one that allows anything, and knows texts only': {
    ...STRICT,
    window: null,
    outsideWindow: 'nothing',
    pair: null,
    templates: null,
    idempotentSends: true,
    limits: {
      ...STRICT.limits,
      header: null,
      footer: null,
      list: null,
      buttons: null,
      link: null,
      product: null,
      filledTemplate: null,
    },
  },
} as const satisfies Record<string, ChannelRules>;
