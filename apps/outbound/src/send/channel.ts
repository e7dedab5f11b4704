import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { openAgents, WhatsAppClient } from '#adapters/whatsapp-cloud';
import { Directory } from '#persistence';
import { ENV } from '#platform';
import type { OutboundEnv } from '../env.js';

export interface OpenChannel {
  client: WhatsAppClient;
  messagesPerSecond: number;
}

/** Clients of the channel, one per call: a merchant's token is opened only where it is used. */
@Injectable()
export class Channel implements OnApplicationShutdown {
  private readonly agents = openAgents();

  constructor(
    @Inject(ENV) private readonly env: OutboundEnv,
    private readonly directory: Directory,
  ) {}

  /** Undefined when the account is gone. @throws Error when its token does not open. */
  async open(merchantId: string, channelAccountId: string): Promise<OpenChannel | undefined> {
    const account = await this.directory.channelAccount(merchantId, channelAccountId);
    if (!account) return undefined;
    const client = new WhatsAppClient({
      baseUrl: this.env.WHATSAPP_BASE_URL,
      version: this.env.WHATSAPP_API_VERSION,
      accessToken: account.fields.accessToken!,
      phoneNumberId: account.phoneNumberId,
      timeoutMs: this.env.WHATSAPP_TIMEOUT_MS,
      agents: this.agents,
    });
    return { client, messagesPerSecond: account.messagesPerSecond };
  }

  onApplicationShutdown(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}
