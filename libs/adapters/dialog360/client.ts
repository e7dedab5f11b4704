import { exchange, GraphCallError, openAgents, type Agents } from '#adapters/whatsapp-cloud';
import { isObject, readRefusal } from './refusals.js';
import { headersOf, urlOf, type Dialog360Options } from './transport.js';

export interface Dialog360ClientOptions extends Dialog360Options {
  timeoutMs: number;
  agents?: Agents;
}

/** Where 360dialog brings what is said to one number. Messages: `WhatsAppChannel` with `dialog360`. */
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
    const { url } = await this.call('GET');
    return typeof url === 'string' && url !== '' ? url : undefined;
  }

  /**
   * From now on the number's webhooks come to this address, with these headers: what is unguessable in either protects
   * it, since 360dialog signs for its partners only. Source: docs.360dialog.com/docs/messaging/webhook
   * @throws GraphCallError
   */
  async setWebhook(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.call('POST', { url, headers });
  }

  private async call(method: 'GET' | 'POST', body?: object): Promise<Record<string, unknown>> {
    const { timeoutMs } = this.options;
    const result = await exchange({
      method,
      url: urlOf(this.options, 'v1/configs/webhook'),
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
