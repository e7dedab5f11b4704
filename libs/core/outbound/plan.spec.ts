import {
  chooseTemplate,
  plan,
  type PlanFacts,
  type PlannedMessage,
  type TemplateCandidate,
} from './index.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const after = (ms: number): Date => new Date(NOW.getTime() + ms);
const HOUR = 3_600_000;

const template: TemplateCandidate = {
  id: 'tpl_1',
  name: 'order_shipped_v2',
  language: 'en',
  state: 'APPROVED',
  recheckAt: null,
};
const message: PlannedMessage = { deadline: null, notBefore: null, purpose: 'order_shipped' };
const open: PlanFacts = {
  lastInboundAt: after(-HOUR),
  windowRefused: false,
  template,
  pair: null,
  pairHoldUntil: null,
  pairTaken: false,
  sender: { enabled: true, pausedUntil: null, pauseReason: null },
};
const closed: PlanFacts = { ...open, lastInboundAt: after(-24 * HOUR) };
const decide = (m: Partial<PlannedMessage>, f: PlanFacts) => plan({ ...message, ...m }, f, NOW);

describe('the plan', () => {
  it('is free-form inside the window', () => {
    expect(decide({}, open)).toMatchObject({ decision: 'send_free_form' });
  });

  it('closes the window a minute early, by the time of the message and not of its arrival', () => {
    const justInside = { ...open, lastInboundAt: after(-24 * HOUR + 60_001) };
    const justOutside = { ...open, lastInboundAt: after(-24 * HOUR + 60_000) };
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
    const paused = { ...template, state: 'PAUSED', recheckAt: after(HOUR) };
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
    const spent = { level: -45, at: NOW };
    expect(wait({}, { pair: spent })).toMatchObject({ why: 'pair_rate', until: after(6_100).toISOString() });
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
        windowClosesAt: after(23 * HOUR - 60_000).toISOString(),
        windowRefused: false,
        purpose: 'order_shipped',
        template: { name: 'order_shipped_v2', language: 'en', state: 'APPROVED', sendable: true },
        pairLevel: 0,
        pairHoldUntil: null,
        accountEnabled: true,
        pausedUntil: null,
        pauseReason: null,
      },
    });
  });
});

describe('the template', () => {
  it("is in the merchant's language, else in a form of it, and rather one that may be sent", () => {
    const gb = { ...template, id: 'gb', language: 'en_GB' };
    const ar = { ...template, id: 'ar', language: 'ar' };
    expect(chooseTemplate([ar, gb, template], 'en', NOW)?.id).toBe('tpl_1');
    expect(chooseTemplate([gb, { ...template, state: 'PAUSED' }], 'en', NOW)?.id).toBe('gb');
    expect(chooseTemplate([ar], 'en', NOW)).toBeNull();
  });
});
