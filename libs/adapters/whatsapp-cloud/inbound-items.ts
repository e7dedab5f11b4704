import type {
  ChangeIdentityPayload,
  ReceiveMessagePayload,
  RecordStatusPayload,
  RecordTemplateStatusPayload,
} from '#contracts';

/** Where an item came from, and what makes two deliveries of it the same. */
export interface ItemFacts {
  /** The webhook field it arrived on, e.g. `messages`. */
  field: string;
  /** WhatsApp Business Account (`entry[].id`). Both ids must lead to the same merchant. */
  businessAccountId?: string;
  phoneNumberId?: string;
  externalId: string;
  /** By the channel's clock where it says so. */
  occurredAt: Date;
}

/** The account is known only when the phone number has been led to its merchant. */
type Unrouted<P> = Omit<P, 'channelAccountId'>;

/** One thing that a webhook says, ready for the job that takes it. */
export type InboundItem = ItemFacts &
  (
    | { kind: 'message'; payload: Unrouted<ReceiveMessagePayload> }
    | { kind: 'identity'; payload: Unrouted<ChangeIdentityPayload> }
    | { kind: 'status'; payload: Unrouted<RecordStatusPayload> }
    | { kind: 'template'; payload: RecordTemplateStatusPayload }
    /** Nothing here acts on it: it is kept and acknowledged. `payload` is an excerpt of what came, card numbers masked. */
    | { kind: 'ignored'; reason: string; payload: object }
  );

/** The body is not a webhook of the WhatsApp Business Platform. The message names what is wrong. */
export class NotAWebhook extends Error {}

/** What all items of one change share. */
export interface Origin {
  field: string;
  businessAccountId?: string;
  phoneNumberId?: string;
  /** Of the entry, where it has one. */
  time?: Date;
  /** When the webhook arrived: used where the channel gives no usable time. */
  receivedAt: Date;
  /** Another sender (Meta's agent) is talking with the customer now. */
  standby: boolean;
}
