import type { Cleared, PersonRef } from '#core/messaging';
import { readGraphError } from './errors.js';
import { Graph, isObject, type GraphOptions } from './graph.js';
import type { HttpResult } from './http.js';
import type { GraphMessage } from './render.js';

export interface WhatsAppClientOptions extends GraphOptions {
  phoneNumberId: string;
}

/** What became of one call to send a message. The Graph API has no idempotency key: `indeterminate` is not sent again at once. */
export type SendResult =
  /** Accepted, no more. `held`: first to be looked at for quality. */
  | { outcome: 'accepted'; channelMessageId: string; held: boolean }
  | { outcome: 'refused'; code: number; details: string; httpStatus: number }
  /** It may have been sent: a time-out, a broken connection, a 5xx that is not the Graph API's own. */
  | { outcome: 'indeterminate'; why: string }
  /** Certainly not sent. */
  | { outcome: 'not_sent'; why: string };

export interface PhoneNumberFacts {
  id: string;
  displayPhoneNumber: string;
  verifiedName: string;
  qualityRating: string | null;
  status: string | null;
  /** e.g. `TIER_250`: people per rolling 24 hours, of the whole portfolio. */
  messagingLimit: string | null;
}

export interface TemplateFacts {
  id: string;
  name: string;
  language: string;
  status: string;
  category: string;
}

export interface NewTemplate {
  name: string;
  language: string;
  category: 'UTILITY' | 'MARKETING' | 'AUTHENTICATION';
  body: string;
  /** One example for each variable of the body, in order: Meta demands them. */
  examples: readonly string[];
}

/** Pages of templates are followed up to this many: 250 × 100 is more than an account may have. */
const MAX_PAGES = 100;
/** Meta's code for a required parameter that is missing: said without asking, as it would be. */
const NO_RECIPIENT = 131008;

/** The part of the WhatsApp Cloud API that Waco calls, for one phone number. */
export class WhatsAppClient {
  private readonly graph: Graph;

  constructor(private readonly options: WhatsAppClientOptions) {
    this.graph = new Graph(options);
  }

  /** Sends one message. `opaque` (≤ 512 characters) comes back on every status of it. Never throws. */
  async send(to: PersonRef, message: Cleared<GraphMessage>, opaque: string): Promise<SendResult> {
    const recipient = recipientOf(to);
    if (!recipient) {
      return {
        outcome: 'refused',
        code: NO_RECIPIENT,
        details: 'neither phone number nor user id',
        httpStatus: 0,
      };
    }
    const result = await this.graph.call('POST', `${this.options.phoneNumberId}/messages`, {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      ...recipient,
      ...message,
      biz_opaque_callback_data: opaque,
    });
    return readSendResult(result);
  }

  /** @throws GraphCallError */
  async getPhoneNumber(): Promise<PhoneNumberFacts> {
    const fields =
      'display_phone_number,verified_name,quality_rating,status,whatsapp_business_manager_messaging_limit';
    const node = await this.graph.read('GET', `${this.options.phoneNumberId}?fields=${fields}`);
    return {
      id: this.options.phoneNumberId,
      displayPhoneNumber: String(node.display_phone_number ?? ''),
      verifiedName: String(node.verified_name ?? ''),
      qualityRating: textOrNull(node.quality_rating),
      status: textOrNull(node.status),
      messagingLimit: textOrNull(node.whatsapp_business_manager_messaging_limit),
    };
  }

  /** Every template of the account. @throws GraphCallError */
  async getTemplates(businessAccountId: string): Promise<TemplateFacts[]> {
    return (await this.list(`${businessAccountId}/message_templates?limit=250`)).map(templateFacts);
  }

  /**
   * Whether the number is one of the account's: a webhook is believed only when both are named as they are here. Source:
   * developers.facebook.com/docs/graph-api/reference/whats-app-business-account/phone_numbers
   * @throws GraphCallError also for an account that the token may not see.
   */
  async isNumberOf(businessAccountId: string): Promise<boolean> {
    const numbers = await this.list(`${businessAccountId}/phone_numbers?fields=id&limit=100`);
    return numbers.some((number) => number.id === this.options.phoneNumberId);
  }

  /** All pages of a list. @throws GraphCallError */
  private async list(path: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    let after = '';
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.graph.read('GET', `${path}${after && `&after=${encodeURIComponent(after)}`}`);
      found.push(...(Array.isArray(answer.data) ? answer.data.filter(isObject) : []));
      const paging = isObject(answer.paging) ? answer.paging : {};
      const cursors = isObject(paging.cursors) ? paging.cursors : {};
      if (!paging.next || typeof cursors.after !== 'string' || cursors.after === after) return found;
      after = cursors.after;
    }
    return found;
  }

  /** Hands a template in for approval. @throws GraphCallError */
  async createTemplate(
    businessAccountId: string,
    template: NewTemplate,
  ): Promise<{ id: string; status: string; category: string }> {
    const example = template.examples.length > 0 ? { example: { body_text: [template.examples] } } : {};
    const answer = await this.graph.read('POST', `${businessAccountId}/message_templates`, {
      name: template.name,
      language: template.language,
      category: template.category,
      components: [{ type: 'BODY', text: template.body, ...example }],
    });
    return {
      id: String(answer.id),
      status: String(answer.status ?? 'PENDING'),
      category: String(answer.category ?? template.category),
    };
  }
}

/** `to` wins when both are given; a user id in `to` is accepted and silently lost, so it goes in `recipient`. */
function recipientOf(to: PersonRef): { to: string } | { recipient: string } | undefined {
  const digits = to.waId?.replace(/\D/g, '');
  if (digits) return { to: `+${digits}` };
  return to.userId ? { recipient: to.userId } : undefined;
}

function readSendResult(result: HttpResult): SendResult {
  if (result.outcome === 'not_sent') return result;
  if (result.outcome === 'unknown') return { outcome: 'indeterminate', why: result.why };
  const { status, body } = result;
  const refusal = readGraphError(body);
  if (refusal) return { outcome: 'refused', ...refusal, httpStatus: status };
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

function templateFacts(node: Record<string, unknown>): TemplateFacts {
  return {
    id: String(node.id),
    name: String(node.name),
    language: String(node.language),
    status: String(node.status),
    category: String(node.category),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
