import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { cloudApi, openAgents, WhatsAppChannel, whatsAppFacts } from '#adapters/whatsapp-cloud';
import { NO_CHANNEL, type ChannelFacts, type ChannelPort } from '#core/outbound';
import { Directory, type ChannelAccount, type ChannelKind } from '#persistence';
import { ENV } from '#platform';
import type { OutboundEnv } from '../env.js';

export interface OpenChannel {
  port: ChannelPort;
  messagesPerSecond: number;
  /** No call takes longer. */
  timeoutMs: number;
}

/** The only place here that knows which channels there are. */
@Injectable()
export class Channels implements OnApplicationShutdown {
  private readonly agents = openAgents();

  constructor(
    @Inject(ENV) private readonly env: OutboundEnv,
    private readonly directory: Directory,
  ) {}

  /**
   * A client for one call: a merchant's token is opened only where it is used. Undefined when the account is gone.
   * @throws Error when its token does not open, or nothing can be sent on a channel of its kind.
   */
  async open(merchantId: string, channelAccountId: string): Promise<OpenChannel | undefined> {
    const account = await this.directory.channelAccount(merchantId, channelAccountId);
    if (!account) return undefined;
    const timeoutMs = this.env.WHATSAPP_TIMEOUT_MS;
    const port = this.connect(account, timeoutMs);
    const messagesPerSecond = Math.min(account.messagesPerSecond, port.rules.throughput.most);
    return { port, messagesPerSecond, timeoutMs };
  }

  /** The rules of a channel, and what its refusals mean; undefined: of an account that is gone. */
  of(kind: ChannelKind | undefined): ChannelFacts {
    return kind === 'whatsapp' ? whatsAppFacts : NO_CHANNEL;
  }

  private connect({ kind, accessToken, phoneNumberId }: ChannelAccount, timeoutMs: number): ChannelPort {
    if (kind !== 'whatsapp') throw new Error(`nothing can be sent on ${kind}`);
    const { WHATSAPP_BASE_URL: baseUrl, WHATSAPP_API_VERSION: version } = this.env;
    const transport = cloudApi({ baseUrl, version, accessToken, phoneNumberId });
    return new WhatsAppChannel({ transport, timeoutMs, agents: this.agents });
  }

  onApplicationShutdown(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}
