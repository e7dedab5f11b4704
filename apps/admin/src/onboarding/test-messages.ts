import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { sendMessage, type SendMessagePayload } from '#contracts';
import { formsOf, kindOf, personOf, type TemplatePurpose } from '#core/messaging';
import type { TestMessageFacts } from '#core/tenancy';
import { aliasesSeen, itemsSeen, messagesSeen } from '#evidence';
import { Journal, type ChannelAccountEntity } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { toItem } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { phoneIn } from '../phone.js';
import { Refusal } from '../refusal.js';
import { accountsOf } from './channel-accounts.js';
import { Merchants, requireOpen } from './merchants.js';

/** Test messages belong to no conversation; this is how they are found again. */
const TEST_THREAD = 'test-message';
/** A test that has not gone out by then is not wanted any more, in milliseconds. */
const WANTED_MS = 15 * 60_000;
/** Messages that are looked at for one that arrived. */
const LOOKED_AT = 200;
const ARRIVED = ['accepted', 'held', 'sent', 'delivered', 'read', 'played'];

export interface GivenTestMessage {
  /** A phone number in any usual notation. */
  to: string;
  /** What to send where the channel takes no free text. */
  template?: TemplatePurpose;
  /** Left out: the account that was connected first. */
  channelAccountId?: string;
}

export interface SentTestMessage {
  messageId: string;
  channelAccountId: string;
}

/** A real message, sent the way every message is: through the outbound service, with all its rules. */
@Injectable()
export class TestMessages {
  constructor(
    private readonly merchants: Merchants,
    private readonly journal: Journal,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Asks for it in the caller's transaction; outbound's sweep takes it up within seconds.
   * @throws Refusal `invalid` for what is no phone number, `not_found`, `conflict` for a closed merchant.
   */
  async send(tx: EntityManager, merchantId: string, given: GivenTestMessage): Promise<SentTestMessage> {
    const merchant = await this.merchants.lock(tx, merchantId);
    requireOpen(merchant);
    const digits = phoneIn('to', given.to, merchant.country);
    const account = await chooseNumber(tx, merchantId, given.channelAccountId);
    const { contactId, phone } = await whoHas(tx, account.id, digits);
    const messageId = newId('msg');
    const now = this.clock.now();
    const body = `A test message of ${merchant.name}. If you can read this, the number works.`;
    const payload: SendMessagePayload = {
      messageId,
      channelAccountId: account.id,
      contactId,
      person: personOf({ phone }),
      content: { type: 'text', body },
      template: given.template && { purpose: given.template, facts: {} },
      deadline: new Date(now.getTime() + WANTED_MS).toISOString(),
      threadId: TEST_THREAD,
    };
    await this.journal.append([toItem(sendMessage, payload, merchantId, now)], now, tx);
    const after = { channelAccountId: account.id, template: given.template ?? null };
    await this.audit.record(tx, { merchantId, action: 'test_message.send', target: messageId, after });
    return { messageId, channelAccountId: account.id };
  }
}

async function chooseNumber(
  tx: EntityManager,
  merchantId: string,
  id: string | undefined,
): Promise<ChannelAccountEntity> {
  const numbers = await accountsOf(tx, merchantId);
  const account = id === undefined ? numbers[0] : numbers.find((n) => n.id === id);
  if (!account)
    throw new Refusal('not_found', 'not_connected', 'there is no such channel account: connect it first');
  return account;
}

interface Recipient {
  contactId: string;
  phone: string;
}

/** The person's own line, if they ever wrote: then the service window that they opened counts. */
async function whoHas(tx: EntityManager, channelAccountId: string, digits: string): Promise<Recipient> {
  const [known] = (await tx.query(
    `SELECT contact_id AS "contactId", value AS phone FROM ${aliasesSeen.name}
     WHERE channel_account_id = $1 AND kind = $3 AND value = ANY ($2) ORDER BY seen_at DESC LIMIT 1`,
    [channelAccountId, formsOf(digits), kindOf('phone')],
  )) as Recipient[];
  return known ?? { contactId: newId('con'), phone: digits };
}

/** How the test messages went: one that arrived is enough, else the latest counts. Later customers' messages tell. */
export async function readTestMessage(tx: EntityManager): Promise<TestMessageFacts> {
  const [row] = (await tx.query(
    `SELECT state, verdict->>'why' AS why, error->>'code' AS code FROM ${messagesSeen.name}
     WHERE thread_id = $1 ORDER BY (state = ANY($2)) DESC, seq DESC LIMIT 1`,
    [TEST_THREAD, ARRIVED],
  )) as { state: string; why: string | null; code: string | null }[];
  if (row) {
    if (ARRIVED.includes(row.state)) return { state: 'arrived' };
    if (row.state === 'failed') return { state: 'failed', why: row.code ? `error ${row.code}` : 'it failed' };
    if (row.state === 'dropped') return { state: 'failed', why: 'it could not go out within 15 minutes' };
    return { state: 'waiting', why: row.why };
  }
  const [asked] = (await tx.query(
    `SELECT parked_at IS NOT NULL AS parked FROM ${itemsSeen.name}
     WHERE name = $1 AND payload->>'threadId' = $2 ORDER BY id DESC LIMIT 1`,
    [sendMessage.name, TEST_THREAD],
  )) as { parked: boolean }[];
  if (!asked) return { state: (await anyArrived(tx)) ? 'arrived' : 'none' };
  return asked.parked ? { state: 'failed', why: 'it is a dead letter' } : { state: 'waiting', why: null };
}

/** A test message goes with its age, like every other; what arrived at customers since says as much. */
async function anyArrived(tx: EntityManager): Promise<boolean> {
  const rows = (await tx.query(
    `SELECT FROM (SELECT state FROM ${messagesSeen.name} m ORDER BY m.seq DESC LIMIT ${LOOKED_AT}) latest
     WHERE state = ANY ($1) LIMIT 1`,
    [ARRIVED],
  )) as unknown[];
  return rows.length > 0;
}
