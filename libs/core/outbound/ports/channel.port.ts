import type { Cleared, OutboundContent, PersonRef } from '#core/messaging';
import type { ChannelRules } from '../channel-rules.js';
import type { ErrorPolicy } from '../errors.js';

declare const RENDERED: unique symbol;

/** A message in the channel's own words. Only the adapter that made it can read it. */
export interface Rendered {
  readonly [RENDERED]: never;
}

/** A merchant's template as the channel approved it: its body with {{1}}, {{2}}, … and the facts that fill them, in order. */
export interface ApprovedTemplate {
  name: string;
  language: string;
  body: string;
  parameters: readonly string[];
}

/** Nothing the channel would take can be made of this content. Sending it again does not help. */
export class UnrenderableError extends Error {}

/** What became of one call to send a message. */
export type SendResult =
  /** Accepted, no more. `held`: first to be looked at by the channel. */
  | { outcome: 'accepted'; channelMessageId: string; held: boolean }
  | { outcome: 'refused'; code: number; details: string }
  /** It may have been sent: no whole answer came back, or none of the channel's own. */
  | { outcome: 'indeterminate'; why: string }
  /** Certainly not sent. */
  | { outcome: 'not_sent'; why: string };

/** What holds for every account of a channel. */
export interface ChannelFacts {
  rules: ChannelRules;
  /** What a refusal means, whether it came as the answer or later as a status. An unknown code has a policy, too. */
  classify(code: number): ErrorPolicy;
}

/** One account of a channel, from which messages are sent. */
export interface ChannelPort extends ChannelFacts {
  /** @throws UnrenderableError when the point of the message would be lost. */
  render(content: OutboundContent): Cleared<Rendered>;
  /** @throws UnrenderableError when the channel has no templates. */
  renderTemplate(template: ApprovedTemplate, facts: Readonly<Record<string, string>>): Cleared<Rendered>;
  /** `messageId` comes back on whatever the channel says of the message later. Never throws. */
  send(person: PersonRef, rendered: Cleared<Rendered>, messageId: string): Promise<SendResult>;
}
