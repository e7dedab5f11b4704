import type { CartLine, ProductQuery, Quote } from '#core/catalog';
import type { OutboundContent, TemplateFallback } from '#core/messaging';
import type { ThreadState } from './state.js';

/** What a step may know besides the thread: the merchant's words, and ids that the caller chose. */
export interface StepContext {
  now: Date;
  shop: string;
  currency: string;
  /** A fresh id for a question. */
  newQuestionId: () => string;
  /** A fresh reference for an order. */
  newOrderRef: () => string;
}

export interface Step {
  state: ThreadState;
  effects: Effect[];
}

/** What a step wants done. Data only: the service turns it into journal items in the same transaction. */
export type Effect =
  | { kind: 'say'; content: OutboundContent; template?: TemplateFallback; orderRef?: string }
  | { kind: 'ask'; questionId: string; question: Question }
  | { kind: 'request_checkout'; orderRef: string; quote: Quote }
  | { kind: 'cancel_order'; orderRef: string };

export type Question =
  { kind: 'categories' } | { kind: 'search'; query: ProductQuery } | { kind: 'quote'; lines: CartLine[] };
