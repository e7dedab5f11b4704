import type { WebhookSender } from '#core/tenancy';
import type { GivenUp } from '#persistence';
import type { Answer } from '../answer.js';

/** Of shops, payment providers, and apps that merchants brought: one event, or a few updates of one number, in bytes. */
export const MERCHANTS_LIMIT = 262_144;

/** Values of an address's parts that begin with a colon. */
export type Places = Readonly<Record<string, string>>;

/** A kind of sender: as the journal and the metrics call it, and where it sends to. */
export interface Source {
  name: string;
  routes: readonly Route[];
}

export interface Route {
  path: string;
  /** Largest body, in bytes. */
  limit: number;
  /** Name of the signature's header, and its form. Without one of that form nothing is read. */
  header: string;
  form: RegExp;
  /** It comes by the thousand a second: past Fastify. */
  express?: boolean;
  /** The taker of webhooks at one address of this route. */
  taker(places: Places): Taker;
  /** A vendor asks whether the address is ours: the answer that proves it, or undefined for a question that is not the vendor's. */
  handshake?(query: unknown, places: Places): Promise<string | undefined>;
}

/** What becomes of the body of a request whose signature has the right form. */
export interface Taker {
  /** The merchant whose own secret signs at this address, as far as the address tells. */
  merchantId?: () => Promise<string | undefined>;
  /** Whose webhook it would be, as far as the address tells; for one that is refused. Undefined: nobody's that is known. */
  sender?: () => Promise<WebhookSender | undefined>;
  receive(rawBody: Buffer, signature: string, signal: GivenUp): Promise<Answer>;
}
