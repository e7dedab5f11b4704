import { Inject, Injectable } from '@nestjs/common';
import { NO_CHANNEL, type ChannelFacts, type ChannelPort } from '#core/outbound';
import { Directory } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import { channelOf, meansOf, type Means } from '#vendors';
import type { OutboundEnv } from '../env.js';

export interface OpenChannel {
  port: ChannelPort;
  messagesPerSecond: number;
  /** No call takes longer. */
  timeoutMs: number;
}

/** The channels that something can be sent on. */
@Injectable()
export class Channels {
  private readonly means: Means;

  constructor(
    @Inject(ENV) env: OutboundEnv,
    private readonly directory: Directory,
    @Inject(GUARDED_FETCH) fetch: GuardedFetch,
  ) {
    this.means = meansOf(env, { timeoutMs: env.CHANNEL_TIMEOUT_MS, fetch });
  }

  /**
   * A client for one call: a merchant's token is opened only where it is used. Undefined when the account is gone.
   * @throws Error when its token does not open, or nothing can be sent on a channel of its kind.
   */
  async open(merchantId: string, channelAccountId: string): Promise<OpenChannel | undefined> {
    const account = await this.directory.channelAccount(merchantId, channelAccountId);
    if (!account) return undefined;
    const { kind, accountId, senderId, fields } = account;
    const { talk } = channelOf(kind);
    if (!talk) throw new Error(`nothing can be sent on ${kind}`);
    const port = talk.connect({ accountId, senderId, fields }, this.means);
    const messagesPerSecond = Math.min(account.messagesPerSecond, port.rules.throughput.most);
    return { port, messagesPerSecond, timeoutMs: this.means.timeoutMs };
  }

  /** The rules of a channel, and what its refusals mean; undefined: of an account that is gone. */
  of(kind: string | undefined): ChannelFacts {
    return (kind === undefined ? undefined : channelOf(kind).talk?.facts) ?? NO_CHANNEL;
  }
}
