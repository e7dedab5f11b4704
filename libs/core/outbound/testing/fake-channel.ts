import {
  cleared,
  identifyingAliases,
  storableText,
  unspelledId,
  type Choice,
  type Cleared,
  type OutboundContent,
  type PersonRef,
} from '#core/messaging';
import type { ChannelRules } from '../channel-rules.js';
import type { ErrorPolicy } from '../errors.js';
import {
  UnrenderableError,
  type ApprovedTemplate,
  type ChannelPort,
  type Rendered,
  type SendResult,
} from '../ports/channel.port.js';
import type { Shown } from './shown.js';

/** Codes of a channel that does not exist. */
export const FAKE_CODES = { tooFast: 1, tooMuch: 2, closed: 3, broken: 4, banned: 5, unfit: 6, nobody: 7 };

const POLICIES = new Map<number, ErrorPolicy>([
  [FAKE_CODES.tooFast, { class: 'number_rate', action: 'slow_number' }],
  [FAKE_CODES.tooMuch, { class: 'pair_rate', action: 'hold_pair' }],
  [FAKE_CODES.closed, { class: 'window', action: 'replan' }],
  [FAKE_CODES.broken, { class: 'transient', action: 'retry', retries: 3, waitMs: 1_000 }],
  [FAKE_CODES.banned, { class: 'policy', action: 'pause_account', waitMs: 60_000 }],
  [FAKE_CODES.unfit, { class: 'template_mismatch', action: 'replan' }],
  [FAKE_CODES.nobody, { class: 'recipient', action: 'fail' }],
  [500, { class: 'transient', action: 'retry', retries: 2, waitMs: 2_000 }],
]);
const UNKNOWN: ErrorPolicy = {
  class: 'unknown',
  action: 'retry',
  retries: 1,
  waitMs: 1_000,
  deadLetter: true,
};

export interface FakeSend {
  person: PersonRef;
  shown: Shown;
  messageId: string;
}

/** A channel in memory that keeps to the rules it is given. */
export class FakeChannel implements ChannelPort {
  /** What arrived, in order. */
  readonly arrived: FakeSend[] = [];
  private next: 'lose' | 'hold' | { refuse: number } | undefined;

  constructor(
    readonly rules: ChannelRules,
    private readonly reachable = true,
  ) {}

  /** The next send is carried out and its answer lost. */
  loseNextAnswer(): void {
    this.next = 'lose';
  }

  holdNext(): void {
    this.next = 'hold';
  }

  refuseNext(code: number): void {
    this.next = { refuse: code };
  }

  /** Those that a channel with these rules has a use for. */
  get codes(): number[] {
    const { window, pair, templates } = this.rules;
    const useless = [
      ...(window ? [] : [FAKE_CODES.closed]),
      ...(pair ? [] : [FAKE_CODES.tooMuch]),
      ...(templates ? [] : [FAKE_CODES.unfit]),
    ];
    return Object.values(FAKE_CODES).filter((code) => !useless.includes(code));
  }

  classify = (code: number): ErrorPolicy => {
    const known = this.codes.includes(code) || code === this.rules.codeOfNone;
    return (known && POLICIES.get(code)) || UNKNOWN;
  };

  render(content: OutboundContent): Cleared<Rendered> {
    return cleared(this.show(content)) as unknown as Cleared<Rendered>;
  }

  renderTemplate(template: ApprovedTemplate, facts: Readonly<Record<string, string>>): Cleared<Rendered> {
    const { filledTemplate } = this.rules.limits;
    if (filledTemplate === null) throw new UnrenderableError('there are no templates');
    const room = Math.floor(
      (filledTemplate - template.body.length) / Math.max(1, template.parameters.length),
    );
    const values = template.parameters.map((name) => cut(facts[name] ?? '', Math.max(1, room)));
    const { name, language } = template;
    return cleared<Shown>({ template: { name, language, values } }) as unknown as Cleared<Rendered>;
  }

  send(person: PersonRef, rendered: Cleared<Rendered>, messageId: string): Promise<SendResult> {
    return Promise.resolve(this.answer(person, rendered, messageId));
  }

  private answer(person: PersonRef, rendered: Cleared<Rendered>, messageId: string): SendResult {
    const fate = this.next;
    this.next = undefined;
    if (!this.reachable) return { outcome: 'not_sent', why: 'nobody listens' };
    if (typeof fate === 'object')
      return { outcome: 'refused', code: fate.refuse, details: 'as was asked for' };
    if (identifyingAliases(person).length === 0)
      return { outcome: 'refused', code: FAKE_CODES.nobody, details: 'to whom?' };
    const known = this.rules.idempotentSends && this.arrived.some((send) => send.messageId === messageId);
    if (!known) this.arrived.push({ person, shown: rendered as unknown as Shown, messageId });
    if (fate === 'lose') return { outcome: 'indeterminate', why: 'the answer was lost' };
    const place = this.rules.idempotentSends ? messageId : String(this.arrived.length);
    return { outcome: 'accepted', channelMessageId: `fake-${place}`, held: fate === 'hold' };
  }

  private show(content: OutboundContent): Shown {
    const { limits } = this.rules;
    const plain = (...texts: string[]): Shown => ({ body: cut(texts.join('\n'), limits.text) });
    switch (content.type) {
      case 'text':
        return plain(content.body);
      case 'list': {
        const rows = usable(
          content.sections.flatMap((section) => section.rows),
          limits.list?.id,
        ).slice(0, limits.list?.rows);
        if (!limits.list || rows.length === 0) return plain(content.body);
        const { button, sectionTitle, title, description } = limits.list;
        const shown = rows.map((row) => ({
          id: row.id,
          title: cut(row.title, title),
          ...(row.description && { description: cut(row.description, description) }),
        }));
        const sections = [{ title: cut(content.sections[0]!.title, sectionTitle), rows: shown }];
        return { ...this.frame(content), list: { button: cut(content.button, button), sections } };
      }
      case 'buttons': {
        const choices = usable(content.buttons, limits.buttons?.id).slice(0, limits.buttons?.count);
        if (!limits.buttons || choices.length === 0) return plain(content.body);
        const { title } = limits.buttons;
        const buttons = choices.map((choice, i) => ({
          id: choice.id,
          title: `${i + 1} ${cut(choice.title, title - 2)}`,
        }));
        return { ...this.frame(content), buttons };
      }
      case 'link':
        if (!/^https?:\/\/\S+$/i.test(content.url) || content.url.length > limits.url)
          throw new UnrenderableError('no address');
        if (!limits.link) return plain(cut(content.body, limits.text - limits.url - 1), content.url);
        return {
          ...this.frame(content),
          link: { label: cut(content.label, limits.link.label), url: content.url },
        };
      case 'product': {
        const { catalogId } = content;
        const id = unspelledId(content.sku);
        if (!limits.product) return plain(content.body ?? id);
        if (usable([{ id: catalogId, title: '' }], limits.product.id).length === 0)
          throw new UnrenderableError('no catalog');
        if (usable([{ id, title: '' }], limits.product.id).length === 0)
          throw new UnrenderableError('no product');
        return { ...this.frame({ body: content.body ?? '' }), product: { catalogId, id } };
      }
    }
  }

  private frame({ header, body, footer }: { header?: string; body: string; footer?: string }): Shown {
    const { limits } = this.rules;
    return {
      body: cut(body, limits.body),
      ...(header && limits.header !== null ? { header: cut(header, limits.header) } : {}),
      ...(footer && limits.footer !== null ? { footer: cut(footer, limits.footer) } : {}),
    };
  }
}

function cut(text: string, max: number): string {
  return storableText(storableText(text).trim().slice(0, max)).trim() || '-';
}

function usable(choices: readonly Choice[], maxId = 0): Choice[] {
  const seen = new Set<string>();
  return choices.filter(({ id }) => {
    if (id.trim() === '' || id.length > maxId || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}
