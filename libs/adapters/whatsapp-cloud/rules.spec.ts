import { plan, takePair, type PairBucket, type PlanFacts } from '#core/outbound';
import { WHATSAPP_RULES } from './rules.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const after = (ms: number): Date => new Date(NOW.getTime() + ms);
const DAY = 24 * 3_600_000;

const facts: PlanFacts = {
  rules: WHATSAPP_RULES,
  lastInboundAt: null,
  windowRefused: false,
  template: { id: 'tpl_1', name: 'order', language: 'en', state: 'APPROVED', recheckAt: null },
  pair: null,
  pairHoldUntil: null,
  pairTaken: false,
  sender: { enabled: true, pausedUntil: null, pauseReason: null },
};
const decide = (given: Partial<PlanFacts>) =>
  plan({ deadline: null, notBefore: null, purpose: 'order_shipped' }, { ...facts, ...given }, NOW);

it('is free to write for 24 hours but a minute, and in a template after that', () => {
  expect(decide({ lastInboundAt: after(60_001 - DAY) }).decision).toBe('send_free_form');
  expect(decide({ lastInboundAt: after(60_000 - DAY) }).decision).toBe('send_template');
});

it.each(['APPROVED', 'REINSTATED', 'FLAGGED', 'UNPAUSED', 'IN_APPEAL', null])(
  'sends a template that is %s',
  (state) => {
    expect(decide({ template: { ...facts.template!, state } }).decision).toBe('send_template');
  },
);

it.each(['PENDING', 'REJECTED', 'PAUSED', 'DISABLED', 'MISMATCH'])(
  'sends no template that is %s',
  (state) => {
    expect(decide({ template: { ...facts.template!, state } }).decision).toBe('wait_for_customer');
  },
);

it('lends a pair 45 messages and then gives one each six seconds', () => {
  const { pair } = WHATSAPP_RULES;
  let bucket: PairBucket | null = null;
  for (let i = 0; i < 45; i++) {
    const take = takePair(pair, bucket, NOW);
    if (take.outcome === 'taken') bucket = take.bucket;
  }
  expect(bucket).toEqual({ level: -45, at: NOW });
  expect(takePair(pair, bucket, NOW)).toEqual({ outcome: 'spent', until: after(6_100) });
  expect(takePair(pair, bucket, after(6_000)).outcome).toBe('taken');
});
