/** What is known of a message that was handed to the channel. Statuses come late, twice and in any order. */
export const DELIVERY_STATES = ['accepted', 'held', 'sent', 'delivered', 'read', 'played', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Everything a message can be. The first four are before the channel has it. */
export type MessageState =
  | 'queued'
  /** No template may be sent and the window is closed: until the customer writes. */
  | 'waiting'
  | 'sending'
  /** It may have been sent: the answer was lost. Settled by a status that carries our id. */
  | 'indeterminate'
  | DeliveryState
  | 'dropped';

const RANK: Record<DeliveryState, number> = {
  accepted: 0,
  held: 1,
  sent: 2,
  delivered: 3,
  read: 4,
  played: 5,
  failed: 6,
};

export function isDelivery(state: MessageState): state is DeliveryState {
  return state in RANK;
}

/**
 * The state after `reported`: only ever forward. `failed` is terminal: whatever follows it is ignored. So any order of
 * the same reports ends in the same state.
 */
export function forward(current: DeliveryState | null, reported: DeliveryState): DeliveryState {
  return current === null || RANK[reported] > RANK[current] ? reported : current;
}

/** The customer's phone has it: it is not sent again whatever is reported later. */
export function hasArrived(state: MessageState): boolean {
  return state === 'delivered' || state === 'read' || state === 'played';
}
