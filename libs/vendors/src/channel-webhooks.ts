import type {
  ChangeIdentityPayload,
  ReceiveMessagePayload,
  RecordStatusPayload,
  RecordTemplateStatusPayload,
} from '#contracts';
import type { Variable } from './variable.js';

/** The body is no webhook of this channel. The message names what is wrong. */
export class NotAWebhook extends Error {}

/** Where an item came from, and what makes two deliveries of it the same. */
export interface ItemFacts {
  /** The webhook's field it arrived on, in the channel's word. */
  field: string;
  /** The business account and what sends for it: both must lead to the same merchant. */
  accountId?: string;
  senderId?: string;
  externalId: string;
  /** By the channel's clock where it says so. */
  occurredAt: Date;
}

/** The account is known only when its sender has been led to its merchant. */
type Unrouted<P> = Omit<P, 'channelAccountId'>;

/** One thing that a webhook says, ready for the job that takes it. */
export type ChannelItem = ItemFacts &
  (
    | { kind: 'message'; payload: Unrouted<ReceiveMessagePayload> }
    | { kind: 'identity'; payload: Unrouted<ChangeIdentityPayload> }
    | { kind: 'status'; payload: Unrouted<RecordStatusPayload> }
    | { kind: 'template'; payload: RecordTemplateStatusPayload }
    /** Nothing here acts on it: it is kept and acknowledged. `payload` is an excerpt of what came, card numbers masked. */
    | { kind: 'ignored'; reason: string; payload: object }
  );

/** Webhooks of an app that serves many merchants: the platform's, and those that merchants bring. */
export interface ChannelWebhooks {
  /** Address of the platform's app, and of a merchant's own, with `:app`. The first has the express lane. */
  routes: { platform: string; own: string };
  /** Of the gateway: what the platform's app signs with (secrets, comma between), and what its handshake names. */
  variables: { secrets: Variable; verifyToken: Variable };
  /** Name of the signature's header, in lower case, and its form. */
  header: string;
  form: RegExp;
  /** The largest body of the platform's app, in bytes. */
  limit: number;
  /** On the raw bytes, in constant time. */
  verify(rawBody: Buffer, signature: string, secrets: readonly string[]): boolean;
  /** The challenge to send back; undefined when the caller does not know the token. */
  handshake(query: unknown, verifyToken: string): string | undefined;
  /**
   * One after the other: whoever takes them may do something else in between.
   * @param receivedAt stands in where the channel gives no usable time.
   * @throws NotAWebhook
   */
  read(body: unknown, receivedAt: Date): Iterable<ChannelItem>;
}
