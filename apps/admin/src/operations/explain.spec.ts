import { WHATSAPP_RULES } from '#adapters/whatsapp-cloud';
import { plan, type PlanFacts, type PlannedMessage } from '#core/outbound';
import { explain, type CallItem } from './explain.js';
import type { MessageRow } from './messages.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-21T10:30:00Z');

const ROW = {
  messageId: 'msg_1',
  state: 'queued',
  plan: 0,
  verdict: null,
  error: null,
  channelMessageId: null,
  acceptedAt: null,
  notBefore: null,
  deadline: null,
} as unknown as MessageRow;

const FACTS: PlanFacts = {
  rules: WHATSAPP_RULES,
  lastInboundAt: null,
  windowRefused: false,
  template: null,
  pair: null,
  pairHoldUntil: null,
  pairTaken: false,
  sender: { enabled: true, pausedUntil: null, pauseReason: null },
};
const MESSAGE: PlannedMessage = { deadline: null, notBefore: null, purpose: null };
const CALL: CallItem = {
  plan: 1,
  queuedAt: NOW,
  attempts: 0,
  redrives: 0,
  outcome: 'done',
  reason: null,
  settledAt: NOW,
  parkedAt: null,
};

function planned(message: Partial<PlannedMessage>, facts: Partial<PlanFacts>, row: object = {}) {
  const verdict = plan({ ...MESSAGE, ...message }, { ...FACTS, ...facts }, NOW);
  return explain({ ...ROW, verdict, ...row } as MessageRow, [], []);
}

describe('explaining a message', () => {
  it('before it has been planned', () => {
    expect(explain(ROW, [], [])).toEqual({
      summary: 'It waits for its turn in the line of messages to this person.',
      lookedAt: [],
      decision: 'It has not been planned yet: it waits its turn.',
      decidedAt: null,
      attempts: [],
      statuses: [],
    });
  });

  it.each([
    ['dropped', { deadline: NOW }, {}, 'Drop it, because its deadline had passed.'],
    [
      'paused',
      {},
      { lastInboundAt: NOW, sender: { enabled: true, pausedUntil: LATER, pauseReason: 'auth' } },
      'Wait until 2026-11-21T10:30:00.000Z, because the number is paused after a refusal.',
    ],
    [
      'held for the pair',
      {},
      { lastInboundAt: NOW, pairHoldUntil: LATER },
      'Wait until 2026-11-21T10:30:00.000Z, because the channel refused to take more for this person.',
    ],
    [
      'without a template',
      { purpose: 'order_receipt' },
      {},
      'Wait until the customer writes, because the service window is closed and there is no template for it.',
    ],
  ])('that is %s', (_what, message, facts, decision) => {
    expect(planned(message, facts).decision).toBe(decision);
  });

  it('by everything that was looked at', () => {
    const { lookedAt } = planned(
      { deadline: LATER, notBefore: LATER },
      { lastInboundAt: NOW, windowRefused: true, pairHoldUntil: LATER },
    );
    expect(lookedAt).toEqual([
      'The service window was closed: the channel had refused a free-form message.',
      'It names no purpose for which a template could stand in.',
      'The number was switched on.',
      'The pair rate stood at 0 messages, held by the channel until 2026-11-21T10:30:00.000Z.',
      'An earlier refusal asked to wait until 2026-11-21T10:30:00.000Z.',
      'Its deadline was 2026-11-21T10:30:00.000Z.',
    ]);
  });

  it.each([
    [{}, 'Answered; the message was planned anew after it.', 2],
    [{ outcome: 'skipped', reason: 'an older plan' }, 'Not called: an older plan.', 1],
    [
      { outcome: null, parkedAt: NOW, attempts: 10, reason: '131000: odd', redrives: 1 },
      'Became a dead letter after 10 failed runs: 131000: odd. It was redriven once.',
      1,
    ],
    [{ outcome: null, settledAt: null }, 'Under way.', 1],
    [
      { outcome: null, settledAt: null, attempts: 2, reason: 'no answer' },
      'Failed 2 times so far, last: no answer. It is run again.',
      1,
    ],
  ])('by each of its calls (%j)', (call, words, lastPlan) => {
    const { attempts } = explain({ ...ROW, plan: lastPlan }, [{ ...CALL, ...call }], []);
    expect(attempts.map((a) => a.words)).toEqual([words]);
  });

  it('by what the channel said, in the order of its clock, and what that changed', () => {
    const status = { receivedAt: NOW, reason: null, outcome: 'done', errors: [] };
    const { statuses } = explain(
      ROW,
      [],
      [
        { ...status, status: 'failed', at: LATER, errors: [{ code: 131026, title: 'Undeliverable' }] },
        { ...status, status: 'sent', at: NOW, outcome: 'skipped', reason: 'the message was sent already' },
      ],
    );
    expect(statuses.map((s) => s.words)).toEqual([
      'The channel sent it. It changed nothing: the message was sent already.',
      'The channel says that it failed: 131026 Undeliverable.',
    ]);
  });
});
