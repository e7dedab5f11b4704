import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { openAgents, WhatsAppClient } from '#adapters/whatsapp-cloud';
import { Directory } from '#persistence';
import { ENV } from '#platform';
import type { OutboundEnv } from '../env.js';

/** Clients of the channel, one per call: a merchant's token is opened only where it is used. */
@Injectable()
export class Channel implements OnApplicationShutdown {
  private readonly agents = openAgents();

  constructor(
    @Inject(ENV) private readonly env: OutboundEnv,
    private readonly directory: Directory,
  ) {}

  /** Undefined when the account is gone. */
  async client(merchantId: string, channelAccountId: string): Promise<WhatsAppClient | undefined> {
    const account = await this.directory.channelAccount(merchantId, channelAccountId);
    if (!account) return undefined;
    return new WhatsAppClient({
      baseUrl: this.env.WHATSAPP_BASE_URL,
      version: this.env.WHATSAPP_API_VERSION,
      accessToken: account.accessToken,
      phoneNumberId: account.phoneNumberId,
      timeoutMs: this.env.WHATSAPP_TIMEOUT_MS,
      agents: this.agents,
    });
  }

  onApplicationShutdown(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}
