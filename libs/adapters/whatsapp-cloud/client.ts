import { Graph, isObject, type GraphOptions } from './graph.js';

export interface WhatsAppClientOptions extends GraphOptions {
  phoneNumberId: string;
}

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

export interface SubscribedApp {
  id: string;
  /** Where messages of this account go, if not to the app's own address. */
  overrideUrl?: string;
}

/** Pages of templates are followed up to this many: 250 × 100 is more than an account may have. */
const MAX_PAGES = 100;

/** The part of the WhatsApp Cloud API that manages one phone number and its account. Messages: `WhatsAppChannel`. */
export class WhatsAppClient {
  private readonly graph: Graph;

  constructor(private readonly options: WhatsAppClientOptions) {
    this.graph = new Graph(options);
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

  /**
   * Apps that get webhooks of the business account. Source:
   * developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps
   * @throws GraphCallError
   */
  async getSubscribedApps(businessAccountId: string): Promise<SubscribedApp[]> {
    const entries = await this.list(`${businessAccountId}/subscribed_apps?limit=100`);
    return entries.map(({ whatsapp_business_api_data: app, override_callback_uri: url }) => ({
      id: isObject(app) ? String(app.id) : '',
      ...(typeof url === 'string' && url !== '' ? { overrideUrl: url } : {}),
    }));
  }

  /** The app whose the token is gets webhooks of the business account, at the app's own address. @throws GraphCallError */
  async subscribeApp(businessAccountId: string): Promise<void> {
    await this.graph.read('POST', `${businessAccountId}/subscribed_apps`, {});
  }

  /** Id of the app that the token was made for. @throws GraphCallError */
  async getApp(): Promise<string> {
    return String((await this.graph.read('GET', 'app?fields=id')).id);
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
    const answer = await this.graph.read(
      'POST',
      `${businessAccountId}/message_templates`,
      templateBody(template),
    );
    return {
      id: String(answer.id),
      status: String(answer.status ?? 'PENDING'),
      category: String(answer.category ?? template.category),
    };
  }
}

/** A template as Meta takes it, whichever way leads there. */
export function templateBody({ name, language, category, body, examples }: NewTemplate): object {
  const example = examples.length > 0 ? { example: { body_text: [examples] } } : {};
  return { name, language, category, components: [{ type: 'BODY', text: body, ...example }] };
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
