import type { EntityManager } from 'typeorm';
import {
  brokenRules,
  changeIdentity,
  receiveMessage,
  recordStatus,
  recordTemplateStatus,
  type JobContract,
} from '#contracts';
import { cleared, CUT } from '#core/messaging';
import {
  heldTo,
  isOfAccount,
  judgeAccount,
  judgeSender,
  type SenderRoute,
  type Unroutable,
} from '#core/tenancy';
import type { NewItem } from '#persistence';
import { toItem } from '#queue';
import { webhookSources } from '#vendors';
import { isUpTo, LARGEST_READ } from './payloads.js';

/** What the gateway keeps of an item that it could lead to no merchant. */
export interface Evidence {
  kind?: 'message' | 'identity' | 'status' | 'template' | 'ignored';
  senderId?: string;
  accountId?: string;
  /** The same two, as the release before wrote them. */
  phoneNumberId?: string;
  businessAccountId?: string;
  payload?: object;
  /** The merchant whose own app signed it: it may not speak for another one. */
  signedBy?: string;
  /** Instead of the payload, of one that is too large to be shown or read: its size in bytes. */
  tooLarge?: number;
}

/** What sends, and the account that it belongs to. */
export function namesIn(evidence: Evidence): Pick<Evidence, 'senderId' | 'accountId'> {
  const { senderId = evidence.phoneNumberId, accountId = evidence.businessAccountId } = evidence;
  return { senderId, accountId };
}

/** Reasons as the release before wrote them. */
const REASONS_OF_BEFORE: Readonly<Partial<Record<Unroutable, string>>> = {
  no_sender: 'no_phone_number',
  no_account: 'no_business_account',
  unknown_sender: 'unknown_phone_number',
  unknown_account: 'unknown_business_account',
};

/** Every word that has been written for this reason. */
export function wordsFor(reason: string): string[] {
  const before = REASONS_OF_BEFORE[reason as Unroutable];
  return before === undefined ? [reason] : [reason, before];
}

/** SQL of the evidence, without the payload where it all is larger than this (a number, or a place of one). */
export function evidenceUpTo(bytes: number | `$${number}`): string {
  const names = ['kind', 'senderId', 'accountId', 'phoneNumberId', 'businessAccountId', 'signedBy']
    .map((field) => `'${field}', left(payload->>'${field}', 100)`)
    .join(', ');
  return `CASE WHEN ${isUpTo(bytes)} THEN payload ELSE json_strip_nulls(json_build_object(
    ${names}, 'tooLarge', octet_length(payload::text))) END`;
}

export interface QuarantinedItem {
  id: string;
  source: string;
  externalId: string;
  /** Why it could not be led to a merchant then. */
  reason: string;
  payload: Evidence;
  occurredAt: Date;
  createdAt: Date;
}

export type Destination =
  | { outcome: 'merchant'; merchantId: string; channelAccountId: string | undefined }
  /** `why`: a word, with the sentence that says what would help. */
  | { outcome: 'nowhere'; why: string; help: string };

const CONTRACTS: Record<Exclude<NonNullable<Evidence['kind']>, 'ignored'>, JobContract> = {
  message: receiveMessage,
  identity: changeIdentity,
  status: recordStatus,
  template: recordTemplateStatus,
};

/** Leads an item to its merchant as the gateway would lead it now, and never to one that it may not belong to. */
export async function routeAnew(tx: EntityManager, item: QuarantinedItem): Promise<Destination> {
  const { kind, signedBy, payload, tooLarge = 0 } = item.payload;
  const { senderId, accountId } = namesIn(item.payload);
  if (tooLarge > LARGEST_READ) {
    return nowhere('too_large', 'it is larger than anything that is acted on here');
  }
  const wasCut = signedBy !== undefined && JSON.stringify(payload ?? {}).includes(CUT);
  if (webhookSources().get(item.source) !== 'channel' || !kind || !(payload || tooLarge) || wasCut) {
    return nowhere('not_kept', 'not all of it was kept: ask the sender to send it again');
  }
  if (item.reason === 'closed') {
    return nowhere('closed', 'it was for a merchant that has been closed, and is for nobody else');
  }
  const ofAccount = isOfAccount(kind, senderId);
  const found = ofAccount
    ? await query(tx, 'route_account', item.source, accountId)
    : await query(tx, 'route_sender', item.source, senderId);
  const judged = ofAccount ? judgeAccount(accountId, found) : judgeSender(senderId, accountId, found[0]);
  const routed = heldTo(signedBy, judged);
  if (routed.outcome === 'quarantined') return HELP[routed.reason];
  // Unlike a webhook that comes now, a replay waits for the merchant to be back.
  const { status } = found[0]!;
  return status === 'active' ? routed : nowhere(status, `its merchant is ${status}`);
}

const NOT_CONNECTED = nowhere('not_connected', 'connect the number, then replay it');
const HELP: Readonly<Record<Unroutable, Destination>> = {
  no_sender: NOT_CONNECTED,
  no_account: nowhere('no_account', 'it names no account'),
  unknown_sender: NOT_CONNECTED,
  unknown_account: NOT_CONNECTED,
  accounts_disagree: nowhere('accounts_disagree', 'sender and account belong to different merchants'),
  another_merchants_app: nowhere('another_merchants_app', "it was signed by another merchant's own app"),
  disabled: nowhere('disabled', 'switch the number on, then replay it'),
  closed: nowhere('closed', 'its merchant is closed'),
};

function nowhere(why: string, help: string): Destination {
  return { outcome: 'nowhere', why, help };
}

/** By what the item names; functions that give columns of few tables and no secret. */
async function query(
  tx: EntityManager,
  route: 'route_sender' | 'route_account',
  channel: string,
  id: string | undefined,
): Promise<SenderRoute[]> {
  if (id === undefined) return [];
  const ofSender = `channel_account_id AS "channelAccountId", account_id AS "accountId",`;
  return (await tx.query(
    `SELECT ${route === 'route_sender' ? ofSender : ''} merchant_id AS "merchantId", enabled, status
     FROM tenancy.${route}($1, $2)`,
    [channel, id],
  )) as SenderRoute[];
}

/** The item as the gateway would journal it for the merchant: work for a service, or kept as ignored. */
export function itemFor(
  item: QuarantinedItem,
  { merchantId, channelAccountId }: Extract<Destination, { outcome: 'merchant' }>,
  now: Date,
): NewItem {
  const { kind, payload = {} } = item.payload;
  const { source, externalId, occurredAt } = item;
  const said = { source, externalId, occurredAt };
  if (!kind || kind === 'ignored') return ignored(item, merchantId, 'nothing here acts on it');
  const full = kind === 'template' ? payload : { ...payload, channelAccountId };
  const broken = brokenRules(CONTRACTS[kind], full);
  if (broken !== undefined) return ignored(item, merchantId, broken);
  try {
    return toItem(CONTRACTS[kind], full, merchantId, now, said);
  } catch (error) {
    return ignored(item, merchantId, error instanceof Error ? error.message : String(error));
  }
}

function ignored(item: QuarantinedItem, merchantId: string, reason: string): NewItem {
  return {
    merchantId,
    service: 'ingest',
    queue: 'ingest',
    stream: `ingest/${item.source}`,
    name: 'ingest.ignored',
    source: item.source,
    externalId: item.externalId,
    payload: cleared(item.payload.payload ?? {}, { foreign: true }),
    occurredAt: item.occurredAt,
    settled: { outcome: 'ignored', reason: reason.slice(0, 1_000) },
  };
}
