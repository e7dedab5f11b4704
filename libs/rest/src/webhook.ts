import type { StoreEvent } from '#core/catalog';
import type { Notice, WebhookReader } from '#core/tenancy';
import { type JsonBounds, JsonOutOfBounds, parseBoundedJson, verifyTimedSignature } from '#platform';
import { FieldError, mark, object, text, time, whole, type Json } from './fields.js';

/**
 * Webhooks with a `Waco-Signature` header (`t=<unix seconds>,v1=<hex>`, several `v1` while a secret is being changed), the
 * MAC over the raw bytes. One signed more than 300 seconds away from now, either way, is refused. `toNotice` reads the
 * body; a FieldError of its names what breaks which rule.
 */
export function signedWebhooks<E>(
  bounds: JsonBounds,
  toNotice: (body: unknown) => Notice<E>,
): WebhookReader<E> {
  return {
    header: 'waco-signature',
    form: /^t=[1-9]\d{0,10}(?:,v1=[0-9a-f]{64}){1,10}$/,
    read(rawBody, signature, secrets, now) {
      if (verifyTimedSignature(rawBody, signature, secrets, now) !== 'verified')
        return { outcome: 'unsigned' };
      try {
        return { outcome: 'read', notices: [toNotice(parseBoundedJson(rawBody, bounds))] };
      } catch (error) {
        return { outcome: 'malformed', reason: reasonOf(error) };
      }
    },
  };
}

/** Those of a shop: `id`, `occurredAt`, `type`, `sequence`, and `data`, of which `toEvent` knows some types. */
export function signedStoreWebhooks(
  bounds: JsonBounds,
  toEvent: (type: string, sequence: number, data: Json) => StoreEvent | undefined,
): WebhookReader<StoreEvent> {
  return signedWebhooks(bounds, (body) => {
    const raw = object(body, 'body');
    const said = {
      id: mark(raw.id, 'id'),
      occurredAt: new Date(time(raw.occurredAt, 'occurredAt')),
      name: text(raw.type, 'type', 100),
    };
    const sequence = whole(raw.sequence, 'sequence', 1);
    const event = toEvent(said.name, sequence, object(raw.data, 'data'));
    return event ? { ...said, event } : { ...said, ignored: 'an event that this version does not know' };
  });
}

/** Never a value. @throws what is a fault of ours. */
function reasonOf(error: unknown): string {
  if (error instanceof FieldError || error instanceof JsonOutOfBounds) return error.message;
  if (error instanceof SyntaxError) return 'body must be JSON';
  throw error;
}
