import fc from 'fast-check';
import type { Cleared, PersonRef } from '#core/messaging';
import type { ChannelRules } from '../channel-rules.js';
import { UnrenderableError, type ChannelPort, type Rendered } from '../ports/channel.port.js';
import { remedy, type SendHistory } from '../remedy.js';
import { anyContent, contentsWith } from './contents.js';
import { expectWithin, type Shown } from './shown.js';

/** What the suite needs of the world around a channel: people on it, and what goes wrong. */
export interface ChannelWorld {
  channel: ChannelPort;
  /** The same account, where no server listens. */
  unreachable: ChannelPort;
  /** Codes that the channel's documents name. */
  codes: readonly number[];
  /** What stands in a message that the channel has rendered. */
  shown(rendered: Cleared<Rendered>): Shown;
  /** Somebody new, to whom anything may be said. */
  person(): Promise<PersonRef>;
  /** The next send is carried out, but its answer is lost. */
  loseNextAnswer(): Promise<void>;
  refuseNext(code: number): Promise<void>;
  /** The next send is accepted, and first looked at by the channel. */
  holdNext(): Promise<void>;
  /** How often a message with this id of ours has arrived. */
  arrivals(messageId: string): Promise<number>;
  close(): Promise<void>;
}

/** A card number as a person would write it. Nothing that holds it may go out. */
const CARD = '4242 4242 4242 4242';
const CARD_DIGITS = /4242\D*4242\D*4242\D*4242/;

/** What every channel's adapter must do, whether a fake, a simulator or the real thing is behind it. */
export function describeChannel(name: string, open: () => Promise<ChannelWorld>): void {
  describe(`channel: ${name}`, () => {
    let world: ChannelWorld;
    let sent = 0;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    const newId = (): string => `msg_contract_${(sent += 1)}`;
    const hello = (): Cleared<Rendered> => world.channel.render({ type: 'text', body: 'Hello' });

    it('has rules that can be kept, and that are facts alone', () => {
      expectCoherent(world.channel.rules);
      expect(JSON.parse(JSON.stringify(world.channel.rules))).toEqual(world.channel.rules);
    });

    it('knows what every code means, and what one means that it has never heard of', () => {
      const { channel, codes } = world;
      expect(codes.length).toBeGreaterThan(0);
      for (const code of codes) expect(channel.classify(code).class).not.toBe('unknown');
      expect(channel.classify(channel.rules.codeOfNone).class).not.toBe('unknown');
      fc.assert(fc.property(fc.integer(), (code) => expectHelpful(channel, code)));
      for (const code of [...codes, channel.rules.codeOfNone]) expectHelpful(channel, code);
    });

    it('renders whatever is said within its limits, or says that it cannot', () => {
      let rendered = 0;
      fc.assert(
        fc.property(anyContent, (content) => {
          try {
            expectWithin(world.channel.rules.limits, world.shown(world.channel.render(content)));
            rendered += 1;
          } catch (error) {
            if (!(error instanceof UnrenderableError)) throw error;
            expect(['link', 'product']).toContain(content.type);
          }
        }),
        { numRuns: 500 },
      );
      expect(rendered).toBeGreaterThan(150);
    });

    it('lets no card number out', () => {
      for (const content of contentsWith(`pay with ${CARD} please`)) {
        for (const text of textsIn(world.channel.render(content))) expect(text).not.toMatch(CARD_DIGITS);
      }
    });

    it('fills a template within its limit, or says that it has none', () => {
      const { channel } = world;
      const template = {
        name: 'order',
        language: 'en',
        body: 'Order {{1}}: {{2}}.',
        parameters: ['order', 'note'],
      };
      if (channel.rules.outsideWindow === 'nothing') {
        expect(() => channel.renderTemplate(template, {})).toThrow(UnrenderableError);
        return;
      }
      fc.assert(
        fc.property(fc.string(), fc.integer({ min: 1, max: 3_000 }), (order, length) => {
          const facts = { order, note: 'n'.repeat(length) };
          const filled = world.shown(channel.renderTemplate(template, facts)).template!;
          expect(filled).toMatchObject({ name: 'order', language: 'en' });
          expect(filled.values).toHaveLength(2);
          const text = template.body.replace(
            /\{\{(\d)\}\}/g,
            (_, n: string) => filled.values[Number(n) - 1]!,
          );
          expect(text.length).toBeLessThanOrEqual(channel.rules.limits.filledTemplate!);
          for (const value of filled.values) expect(value.trim()).not.toBe('');
        }),
      );
      const filled = channel.renderTemplate(template, { order: CARD, note: CARD });
      for (const text of textsIn(filled)) expect(text).not.toMatch(CARD_DIGITS);
    });

    it('takes one of each kind, gives each an id, and lets it arrive once', async () => {
      const ids = new Set<string>();
      for (const content of contentsWith('Hello')) {
        const messageId = newId();
        const rendered = world.channel.render(content);
        const result = await world.channel.send(await world.person(), rendered, messageId);
        expect(result).toEqual({ outcome: 'accepted', channelMessageId: expect.any(String), held: false });
        if (result.outcome === 'accepted') ids.add(result.channelMessageId);
        expect(await world.arrivals(messageId)).toBe(1);
      }
      expect(ids.size).toBe(contentsWith('').length);
    });

    it('says when a message is held back', async () => {
      await world.holdNext();
      const result = await world.channel.send(await world.person(), hello(), newId());
      expect(result).toMatchObject({ outcome: 'accepted', held: true });
    });

    it('names the code of a refusal, and nothing arrives', async () => {
      for (const code of world.codes.slice(0, 5)) {
        const messageId = newId();
        await world.refuseNext(code);
        const result = await world.channel.send(await world.person(), hello(), messageId);
        expect(result).toEqual({ outcome: 'refused', code, details: expect.any(String) });
        expect(await world.arrivals(messageId)).toBe(0);
      }
    });

    it('does not know what became of a message whose answer was lost', async () => {
      const messageId = newId();
      const person = await world.person();
      await world.loseNextAnswer();
      const result = await world.channel.send(person, hello(), messageId);
      expect(result).toEqual({ outcome: 'indeterminate', why: expect.any(String) });
      expect(await world.arrivals(messageId)).toBe(1);
      if (!world.channel.rules.idempotentSends) return;
      expect(await world.channel.send(person, hello(), messageId)).toMatchObject({ outcome: 'accepted' });
      expect(await world.arrivals(messageId)).toBe(1);
    });

    it('knows that nothing was sent when nobody listens', async () => {
      const messageId = newId();
      const result = await world.unreachable.send(await world.person(), hello(), messageId);
      expect(result).toEqual({ outcome: 'not_sent', why: expect.any(String) });
      expect(await world.arrivals(messageId)).toBe(0);
    });

    it('sends nothing to nobody', async () => {
      const messageId = newId();
      const result = await world.channel.send({ aliases: [], name: 'Nobody' }, hello(), messageId);
      expect(result.outcome).toBe('refused');
      expect(await world.arrivals(messageId)).toBe(0);
    });
  });
}

function expectCoherent(rules: ChannelRules): void {
  const { window, pair, throughput, templates, limits, outsideWindow } = rules;
  if (window) {
    expect(window.marginMs).toBeGreaterThanOrEqual(0);
    expect(window.lengthMs).toBeGreaterThan(window.marginMs);
  }
  expect(templates !== null).toBe(outsideWindow === 'template');
  expect(limits.filledTemplate !== null).toBe(templates !== null);
  if (pair) {
    expect(pair.refillMs).toBeGreaterThan(0);
    expect(pair.burst).toBeGreaterThanOrEqual(1);
    expect(pair.hold.firstMs).toBeGreaterThan(0);
    expect(pair.hold.factor).toBeGreaterThanOrEqual(1);
    expect(pair.hold.mostMs).toBeGreaterThanOrEqual(pair.hold.firstMs);
  }
  expect(throughput.usual).toBeGreaterThanOrEqual(1);
  expect(throughput.most).toBeGreaterThanOrEqual(throughput.usual);
  if (templates) {
    expect(templates.sendable.length).toBeGreaterThan(0);
    for (const { state } of [templates.paused, templates.disabled, templates.mismatched]) {
      expect(templates.sendable).not.toContain(state);
    }
  }
  for (const limit of [limits.text, limits.body, limits.url]) expect(limit).toBeGreaterThan(0);
}

/** However often a message is refused with one code, it fails in the end or something changes before each new call. */
function expectHelpful(channel: ChannelPort, code: number): void {
  const { rules } = channel;
  const policy = channel.classify(code);
  if (policy.action === 'hold_pair') expect(rules.pair).not.toBeNull();
  if (policy.class === 'window') expect(rules.window).not.toBeNull();
  if (policy.class.startsWith('template_')) expect(rules.templates).not.toBeNull();
  if (policy.action === 'retry') expect(policy.retries).toBeGreaterThan(0);
  if (policy.action === 'pause_account') expect(policy.waitMs).toBeGreaterThan(0);
  if (policy.class === 'unknown') expect(policy.deadLetter).toBe(true);
  const history: SendHistory = { retries: 0, pairRefusals: 0, pauses: 0, asTemplate: false, withMedia: true };
  for (let refusals = 0; refusals < 20; refusals++) {
    const cure = remedy(policy, rules, history);
    expect(cure.class).toBe(policy.class);
    if (cure.message.next === 'fail') return;
    const waits = [cure.message.waitMs, cure.holdPairMs ?? 0, cure.pauseAccountMs ?? 0];
    const changes = cure.slowNumber ?? cure.closeWindow ?? cure.dropMedia ?? cure.template !== undefined;
    expect(changes || Math.max(...waits) > 0).toBe(true);
    history.retries += cure.message.countsAsRetry ? 1 : 0;
    history.pairRefusals += cure.holdPairMs === undefined ? 0 : 1;
    history.pauses += cure.pauseAccountMs === undefined ? 0 : 1;
    if (cure.closeWindow) history.asTemplate = true;
    if (cure.dropMedia) history.withMedia = false;
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
