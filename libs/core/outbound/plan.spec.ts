import fc from 'fast-check';
import {
  chooseTemplate,
  plan,
  type PlanFacts,
  type PlannedMessage,
  type TemplateCandidate,
} from './index.js';
import { SAMPLE_RULES, STRICT } from './testing/rules.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const after = (ms: number): Date => new Date(NOW.getTime() + ms);
const HOUR = 3_600_000;

const template: TemplateCandidate = {
  id: 'tpl_1',
  name: 'order_shipped_v2',
  language: 'en',
  state: 'ready',
  recheckAt: null,
};
const message: PlannedMessage = { deadline: null, notBefore: null, purpose: 'order_shipped' };
const open: PlanFacts = {
  rules: STRICT,
  lastInboundAt: after(-HOUR),
  windowRefused: false,
  template,
  pair: null,
  pairHoldUntil: null,
  pairTaken: false,
  sender: { enabled: true, pausedUntil: null, pauseReason: null },
};
const closed: PlanFacts = { ...open, lastInboundAt: after(-2 * HOUR) };
const decide = (m: Partial<PlannedMessage>, f: PlanFacts) => plan({ ...message, ...m }, f, NOW);

describe('the plan', () => {
  it('is free-form inside the window', () => {
    expect(decide({}, open)).toMatchObject({ decision: 'send_free_form' });
  });

  it('closes the window a little early, by the time of the message and not of its arrival', () => {
    const justInside = { ...open, lastInboundAt: after(-2 * HOUR + 30_001) };
    const justOutside = { ...open, lastInboundAt: after(-2 * HOUR + 30_000) };
    expect(decide({}, justInside).decision).toBe('send_free_form');
    expect(decide({}, justOutside).decision).toBe('send_template');
  });

  it('is the template of its purpose outside the window', () => {
    expect(decide({}, closed)).toMatchObject({
      decision: 'send_template',
      purpose: 'order_shipped',
      template: { id: 'tpl_1', name: 'order_shipped_v2', language: 'en' },
    });
  });

  it('believes the channel that the window is closed', () => {
    expect(decide({}, { ...open, windowRefused: true }).decision).toBe('send_template');
  });

  it('waits for the customer without a template, and says why', () => {
    expect(decide({ purpose: null }, closed)).toMatchObject({
      decision: 'wait_for_customer',
      why: 'no_template',
    });
    expect(decide({}, { ...closed, template: null })).toMatchObject({ why: 'no_template' });
    const paused = { ...template, state: 'resting', recheckAt: after(HOUR) };
    expect(decide({}, { ...closed, template: paused })).toMatchObject({
      decision: 'wait_for_customer',
      why: 'template_not_sendable',
      recheckAt: after(HOUR).toISOString(),
    });
    expect(decide({}, { ...closed, template: { ...paused, recheckAt: NOW } }).decision).toBe('send_template');
  });

  it('drops what came too late, before anything else', () => {
    const paused = { ...closed, template: null, sender: { ...open.sender, pausedUntil: after(HOUR) } };
    expect(decide({ deadline: NOW }, paused)).toMatchObject({ decision: 'drop', reason: 'deadline_passed' });
    expect(decide({ deadline: after(1) }, open).decision).toBe('send_free_form');
  });

  it('waits for the account, an earlier refusal and the pair', () => {
    const wait = (m: Partial<PlannedMessage>, f: Partial<PlanFacts>) => decide(m, { ...open, ...f });
    expect(wait({}, { sender: { enabled: false, pausedUntil: null, pauseReason: null } })).toMatchObject({
      decision: 'wait',
      why: 'account_disabled',
      until: null,
    });
    const suspended = { enabled: false, merchantSuspended: true, pausedUntil: null, pauseReason: null };
    expect(wait({}, { sender: suspended })).toMatchObject({
      decision: 'wait',
      why: 'merchant_suspended',
      until: null,
    });
    expect(
      wait({}, { sender: { enabled: true, pausedUntil: after(HOUR), pauseReason: 'billing' } }),
    ).toMatchObject({ why: 'account_paused', until: after(HOUR).toISOString() });
    expect(wait({ notBefore: after(5) }, {})).toMatchObject({ why: 'refused_before' });
    expect(wait({}, { pairHoldUntil: after(4_000) })).toMatchObject({ why: 'pair_held' });
    const spent = { level: -9, at: NOW };
    expect(wait({}, { pair: spent })).toMatchObject({ why: 'pair_rate', until: after(2_050).toISOString() });
    expect(wait({}, { pair: spent, pairTaken: true }).decision).toBe('send_free_form');
  });

  it('carries every fact it looked at', () => {
    expect(decide({ deadline: after(HOUR) }, open)).toEqual({
      decision: 'send_free_form',
      at: NOW.toISOString(),
      facts: {
        deadline: after(HOUR).toISOString(),
        notBefore: null,
        windowOpen: true,
        windowClosesAt: after(HOUR - 30_000).toISOString(),
        windowRefused: false,
        purpose: 'order_shipped',
        template: { name: 'order_shipped_v2', language: 'en', state: 'ready', sendable: true },
        pairLevel: 0,
        pairHoldUntil: null,
        accountEnabled: true,
        pausedUntil: null,
        pauseReason: null,
      },
    });
  });
});

describe('the plan of a channel', () => {
  const any: fc.Arbitrary<PlanFacts> = fc.record({
    rules: fc.constantFrom(...Object.values(SAMPLE_RULES)),
    lastInboundAt: fc.option(fc.integer({ min: -5 * HOUR, max: 0 }).map(after)),
    windowRefused: fc.boolean(),
    template: fc.option(fc.constantFrom(template, { ...template, state: 'resting' })),
    pair: fc.option(fc.record({ level: fc.integer({ min: -9, max: 0 }), at: fc.constant(NOW) })),
    pairHoldUntil: fc.option(fc.integer({ min: -HOUR, max: HOUR }).map(after)),
    pairTaken: fc.boolean(),
    sender: fc.constant(open.sender),
  });

  it('sends nothing that its rules forbid, and waits for nothing that they do not have', () => {
    fc.assert(
      fc.property(any, (facts) => {
        const { window, outsideWindow, pair } = facts.rules;
        const verdict = plan(message, facts, NOW);
        const since = facts.lastInboundAt ? NOW.getTime() - facts.lastInboundAt.getTime() : Infinity;
        switch (verdict.decision) {
          case 'send_free_form':
            if (window) expect(!facts.windowRefused && since < window.lengthMs - window.marginMs).toBe(true);
            break;
          case 'send_template':
            expect([outsideWindow, facts.template?.state]).toEqual(['template', 'ready']);
            break;
          case 'wait_for_customer':
            expect(window).not.toBeNull();
            expect(verdict.why === 'window_closed').toBe(outsideWindow === 'nothing');
            break;
          case 'wait':
            expect(['pair_rate', 'pair_held']).toContain(verdict.why);
            if (verdict.why === 'pair_rate') expect(pair).not.toBeNull();
            break;
          case 'drop':
            throw new Error('it has no deadline');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('that has no window does not ask whether one was ever open', () => {
    const facts = { ...closed, rules: SAMPLE_RULES['one without a window'], windowRefused: true };
    expect(plan(message, facts, NOW)).toMatchObject({
      decision: 'send_free_form',
      facts: { windowOpen: true, windowClosesAt: null },
    });
  });

  it('that takes nothing outside its window waits for the customer, whatever templates there are', () => {
    const rules = SAMPLE_RULES['one that takes nothing outside its window'];
    expect(plan(message, { ...closed, rules }, NOW)).toMatchObject({
      decision: 'wait_for_customer',
      why: 'window_closed',
    });
    expect(plan(message, { ...open, rules }, NOW).decision).toBe('send_free_form');
  });
});

describe('the template', () => {
  it("is in the merchant's language, else in a form of it, and rather one that may be sent", () => {
    const rules = STRICT.templates;
    const gb = { ...template, id: 'gb', language: 'en_GB' };
    const ar = { ...template, id: 'ar', language: 'ar' };
    expect(chooseTemplate(rules, [ar, gb, template], 'en', NOW)?.id).toBe('tpl_1');
    expect(chooseTemplate(rules, [gb, { ...template, state: 'resting' }], 'en', NOW)?.id).toBe('gb');
    expect(chooseTemplate(rules, [ar], 'en', NOW)).toBeNull();
  });
});
