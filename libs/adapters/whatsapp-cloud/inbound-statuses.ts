import type { ChannelItem } from '#vendors/kit';
import type { Origin } from './inbound-origin.js';
import { factsOf, ignored } from './inbound-messages.js';
import {
  compact,
  cut,
  externalId,
  hashOf,
  identifier,
  isObject,
  list,
  object,
  rounded,
  text,
} from './inbound-shape.js';
import { unixTime, type Json } from './inbound-shape.js';

const MOST_ERRORS = 10;
/** Meta's have seven digits. */
const HIGHEST_CODE = 1e9;
const LONGEST_REASON = 2_000;
const STATUSES = ['sent', 'delivered', 'read', 'played', 'failed'] as const;

type Status = Extract<ChannelItem, { kind: 'status' }>['payload'];

/** One entry of `statuses[]`. */
export function statusItem(origin: Origin, raw: unknown): ChannelItem {
  const status = object(raw);
  const id = identifier(status.id);
  // India's native payments share the array: their `status` says nothing of a message.
  if (status.type === 'payment') return ignored(origin, 'the status of a native payment', raw);
  if (!id) return ignored(origin, 'a status without a usable message id', raw);

  const word = text(status.status) ?? 'none';
  const stamp = identifier(status.timestamp);
  const at = unixTime(status.timestamp);
  const facts = factsOf(origin, externalId('status', id, word, stamp ?? hashOf(status)), at);
  const pricing = object(status.pricing);
  const payload = compact<Status>({
    channelMessageId: id,
    messageId: identifier(status.biz_opaque_callback_data, 512),
    status: known(word),
    at: facts.occurredAt.toISOString(),
    errors: list(status.errors).slice(0, MOST_ERRORS).map(errorOf),
    pricing: isObject(status.pricing)
      ? compact({
          category: identifier(pricing.category, 64),
          type: identifier(pricing.type, 64),
          billable: typeof pricing.billable === 'boolean' ? pricing.billable : undefined,
        })
      : undefined,
  });
  return { ...facts, kind: 'status', payload };
}

function known(word: string): Status['status'] {
  if (word === 'held_for_quality_assessment' || word === 'held') return 'held';
  return STATUSES.find((s) => s === word) ?? 'other';
}

/** Branch on `code`: titles change. 0 when there is none. */
function errorOf(raw: unknown): Status['errors'][number] {
  const error = object(raw);
  const details = text(object(error.error_data).details) ?? text(error.details);
  return compact({
    code: rounded(error.code, HIGHEST_CODE, 0) ?? 0,
    title: cut(text(error.title) ?? text(error.message) ?? '', LONGEST_REASON),
    details: details === undefined ? undefined : cut(details, LONGEST_REASON),
  });
}

/**
 * A change that says what became of a template, or undefined. Told by its shape as well as by its field, since Meta's
 * own samples carry quality updates under `message_template_status_update`.
 */
export function templateItem(origin: Origin, value: Json): ChannelItem | undefined {
  const name = identifier(value.message_template_name, 512);
  const language = identifier(value.message_template_language, 32);
  const event = text(value.event);
  if (origin.accountId === undefined || !name || !language || !event || event.length > 64) {
    return undefined;
  }
  const id = externalId(
    'template',
    hashOf({ account: origin.accountId, time: origin.time?.getTime(), value }),
  );
  const facts = factsOf(origin, id, origin.time);
  const reason = [
    text(value.reason),
    text(object(value.other_info).title),
    text(object(value.rejection_info).reason),
  ].find((r) => r !== undefined && r !== 'NONE');
  const payload = compact({
    accountId: origin.accountId,
    businessAccountId: origin.accountId,
    name,
    language,
    event,
    reason: reason === undefined ? undefined : cut(reason, LONGEST_REASON),
    at: facts.occurredAt.toISOString(),
  });
  return { ...facts, kind: 'template', payload };
}
