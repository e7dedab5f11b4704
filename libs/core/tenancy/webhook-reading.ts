/** What a vendor's webhook says, whoever the vendor is. `E`: the domain's word for it. */
export type WebhookReading<E> =
  /** No secret that is good here signed these bytes now. */
  | { outcome: 'unsigned' }
  /** Signed, but nothing that the vendor documents. Names the field and the rule, never a value. */
  | { outcome: 'malformed'; reason: string }
  | { outcome: 'read'; notices: Notice<E>[] };

export type Notice<E> = {
  /** The vendor's id: the same whenever this is delivered again. */
  id: string;
  /** The vendor's word for what happened. */
  name: string;
  /** By the vendor's clock; undefined when it does not say. */
  occurredAt: Date | undefined;
} & (
  | { event: E }
  /** Nothing here follows from it, for this reason. */
  | { ignored: string }
);

/** How webhooks of one vendor are told from others, and what they say. */
export interface WebhookReader<E> {
  /** Name of the signature's header, in lower case. */
  header: string;
  /** A request whose header is not of this form is refused before its body is read. */
  form: RegExp;
  /**
   * Verifies on the raw bytes, then reads. It never throws.
   * @param secrets all that are good now; none of them empty.
   */
  read(rawBody: Buffer, signature: string, secrets: readonly string[], now: Date): WebhookReading<E>;
}
