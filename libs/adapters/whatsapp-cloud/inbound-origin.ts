/** What all items of one change share. */
export interface Origin {
  field: string;
  accountId?: string;
  senderId?: string;
  /** Of the entry, where it has one. */
  time?: Date;
  /** When the webhook arrived: used where the channel gives no usable time. */
  receivedAt: Date;
  /** Another sender (Meta's agent) is talking with the customer now. */
  standby: boolean;
}
