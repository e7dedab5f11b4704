import { phoneOf, userIdOf, type Cleared, type OutboundContent, type PersonRef } from '#core/messaging';
import type {
  ApprovedTemplate,
  ChannelFacts,
  ChannelPort,
  ChannelRules,
  Rendered,
  SendResult,
} from '#core/outbound';
import { classifyError } from './error-policies.js';
import { readGraphError } from './errors.js';
import { isObject } from './graph.js';
import { exchange, openAgents, type Agents, type HttpResult } from './http.js';
import { renderTemplate } from './render-template.js';
import { renderContent, type GraphMessage } from './render.js';
import { WHATSAPP_RULES } from './rules.js';
import type { Transport } from './transport.js';

/** What holds for every number on WhatsApp. */
export const whatsAppFacts: ChannelFacts = { rules: WHATSAPP_RULES, classify: classifyError };

export interface WhatsAppOptions {
  transport: Transport;
  /** Where the way has not all that WhatsApp has. */
  rules?: ChannelRules;
  timeoutMs: number;
  /** Shared by the channels of a process, so that they share connections. */
  agents?: Agents;
}

/** Meta's code for a required parameter that is missing: said without asking, as it would be. */
const NO_RECIPIENT = 131008;

/** One number on WhatsApp. The Graph API has no idempotency key: what is `indeterminate` is not sent again at once. */
export class WhatsAppChannel implements ChannelPort {
  readonly rules: ChannelRules;
  readonly classify = classifyError;
  private readonly agents: Agents;

  constructor(private readonly options: WhatsAppOptions) {
    this.agents = options.agents ?? openAgents();
    this.rules = options.rules ?? WHATSAPP_RULES;
  }

  render(content: OutboundContent): Cleared<Rendered> {
    return asRendered(renderContent(content));
  }

  renderTemplate(template: ApprovedTemplate, facts: Readonly<Record<string, string>>): Cleared<Rendered> {
    return asRendered(renderTemplate(template, facts));
  }

  /** `messageId` (≤ 512 characters) comes back on every status of it. */
  async send(to: PersonRef, rendered: Cleared<Rendered>, messageId: string): Promise<SendResult> {
    const recipient = recipientOf(to);
    if (!recipient) {
      return { outcome: 'refused', code: NO_RECIPIENT, details: 'neither phone number nor user id' };
    }
    const { transport, timeoutMs } = this.options;
    const result = await exchange({
      method: 'POST',
      url: transport.messagesUrl,
      headers: {
        ...transport.headers,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        ...recipient,
        ...messageIn(rendered),
        biz_opaque_callback_data: messageId,
      }),
      timeoutMs,
      agents: this.agents,
    });
    return readSendResult(result, transport);
  }
}

function asRendered(message: Cleared<GraphMessage>): Cleared<Rendered> {
  return message as unknown as Cleared<Rendered>;
}

/** What stands in a message that this adapter has rendered. */
export function messageIn(rendered: Cleared<Rendered>): Cleared<GraphMessage> {
  return rendered as unknown as Cleared<GraphMessage>;
}

/** `to` wins when both are given; a user id in `to` is accepted and silently lost, so it goes in `recipient`. */
function recipientOf(to: PersonRef): { to: string } | { recipient: string } | undefined {
  const digits = phoneOf(to)?.replace(/\D/g, '');
  if (digits) return { to: `+${digits}` };
  const userId = userIdOf(to);
  return userId ? { recipient: userId } : undefined;
}

function readSendResult(result: HttpResult, { readRefusal }: Transport): SendResult {
  if (result.outcome === 'not_sent') return result;
  if (result.outcome === 'unknown') return { outcome: 'indeterminate', why: result.why };
  const { status, body } = result;
  const refusal = readGraphError(body) ?? readRefusal?.(status, body);
  if (refusal) return { outcome: 'refused', ...refusal };
  if (status >= 200 && status < 300) {
    const message: unknown = isObject(body) && Array.isArray(body.messages) ? body.messages[0] : undefined;
    if (!isObject(message) || typeof message.id !== 'string') {
      return { outcome: 'indeterminate', why: `HTTP ${status} without a message id` };
    }
    const held =
      message.message_status === 'held_for_quality_assessment' || message.message_status === 'paused';
    return { outcome: 'accepted', channelMessageId: message.id, held };
  }
  // Refused on the way, by something that is not the Graph API. A gateway's 5xx and 408 may hide an acceptance.
  const why = `HTTP ${status} that is not the Graph API's`;
  return status >= 500 || status === 408 ? { outcome: 'indeterminate', why } : { outcome: 'not_sent', why };
}
