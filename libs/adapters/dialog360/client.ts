import {
  exchange,
  GraphCallError,
  openAgents,
  templateBody,
  type Agents,
  type NewTemplate,
} from '#adapters/whatsapp-cloud';
import type { TemplateFacts } from '#vendors/kit';
import { isObject, readRefusal } from './refusals.js';
import { headersOf, urlOf, type Dialog360Options } from './transport.js';

export interface Dialog360ClientOptions extends Dialog360Options {
  timeoutMs: number;
  agents?: Agents;
}

const WEBHOOK = 'v1/configs/webhook';
const TEMPLATES = 'v1/configs/templates';
/** 360dialog's own limit is 1,000. A whole page of templates must stay below a megabyte. */
const PAGE = 100;
/** More than any account may have. */
const MOST_TEMPLATES = 10_000;

/**
 * What 360dialog manages of one number: where it brings what is said, and the templates of the number's account.
 * Messages: `WhatsAppChannel` with `dialog360`.
 */
export class Dialog360Client {
  private readonly agents: Agents;

  constructor(private readonly options: Dialog360ClientOptions) {
    this.agents = options.agents ?? openAgents();
  }

  /**
   * The number's address for webhooks; undefined when it has none. It changes nothing, and so tells whether the key is
   * one. @throws GraphCallError
   */
  async getWebhookUrl(): Promise<string | undefined> {
    const { url } = await this.call('GET', WEBHOOK);
    return typeof url === 'string' && url !== '' ? url : undefined;
  }

  /**
   * From now on the number's webhooks come to this address, with these headers: what is unguessable in either protects
   * it, since 360dialog signs for its partners only. Source: docs.360dialog.com/docs/messaging/webhook
   * @throws GraphCallError
   */
  async setWebhook(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.call('POST', WEBHOOK, { url, headers });
  }

  /**
   * Every template of the number's account, by pages. Their statuses come in small letters, and are given in Meta's
   * capitals. Source: docs.360dialog.com/partner/messaging/template-messages/create-and-manage-template-messages
   * @throws GraphCallError
   */
  async getTemplates(): Promise<TemplateFacts[]> {
    const found: TemplateFacts[] = [];
    while (found.length < MOST_TEMPLATES) {
      const answer = await this.call('GET', `${TEMPLATES}?limit=${PAGE}&offset=${found.length}`);
      const page = Array.isArray(answer.waba_templates) ? answer.waba_templates.filter(isObject) : [];
      found.push(...page.map(templateFacts));
      if (page.length === 0 || found.length >= Number(answer.total ?? 0)) break;
    }
    return found;
  }

  /** Hands a template in for approval. @throws GraphCallError */
  async createTemplate(template: NewTemplate): Promise<{ status: string }> {
    const { status } = await this.call('POST', TEMPLATES, templateBody(template));
    return { status: typeof status === 'string' ? status.toUpperCase() : 'PENDING' };
  }

  private async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const { timeoutMs } = this.options;
    const result = await exchange({
      method,
      url: urlOf(this.options, path),
      headers: {
        ...headersOf(this.options),
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
      timeoutMs,
      agents: this.agents,
    });
    if (result.outcome !== 'answered') throw new GraphCallError(undefined, result.why, undefined);
    const { status, body: answer } = result;
    const refusal = readRefusal(status, answer);
    if (refusal) throw new GraphCallError(refusal.code, refusal.details, status);
    if (status >= 300 || !isObject(answer)) {
      throw new GraphCallError(undefined, `HTTP ${status} that is not 360dialog's`, status);
    }
    return answer;
  }
}

function templateFacts({ name, language, status }: Record<string, unknown>): TemplateFacts {
  return { name: String(name), language: String(language), status: String(status).toUpperCase() };
}
