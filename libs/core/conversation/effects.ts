import type { Quote } from '#core/catalog';
import type { OutboundContent, TemplateFallback } from '#core/messaging';
import type { Answers, Question } from './questions.js';
import type { OrderNote, ThreadState } from './state.js';

/** What a step may know besides the thread: the merchant's words, and ids that the caller chose. */
export interface StepContext {
  now: Date;
  shop: string;
  currency: string;
  /** A fresh reference for an order. */
  newOrderRef: () => string;
  /** Orders that the same person made in other threads. */
  ordersElsewhere?: readonly OrderNote[];
}

export interface Step {
  state: ThreadState;
  effects: Effect[];
}

/** A step cannot be taken before this is known: the same is to be tried again with the answer. */
export interface Needs {
  needs: Question;
}

export type Outcome = Step | Needs;

/** A step, and what is known of the catalog while it is taken. */
export interface Turn extends StepContext {
  answers: Answers;
}

/** What a step wants done. Data only: the service turns it into journal items in the same transaction. */
export type Effect =
  | { kind: 'say'; content: OutboundContent; template?: TemplateFallback; orderRef?: string }
  | { kind: 'request_checkout'; orderRef: string; quote: Quote }
  | { kind: 'cancel_order'; orderRef: string };
