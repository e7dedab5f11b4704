import { IsISO8601, IsObject, IsOptional, IsString } from 'class-validator';
import type { ErasureReport, PersonSubject } from '#core/tenancy';
import { defineJob, type QueueDefinition, type RetryPolicy } from './job.js';
import { QUEUES } from './queues.js';

/** Outlasts an outage of a few hours; what still fails waits for a person, among the dead letters. */
const RETRY: RetryPolicy = { attempts: 40, backoff: 'exponential', delayMs: 1_000 };

export class ApplyRetentionPayload {
  /** The day it is for: replicas that ask for the same day ask once. */
  @IsString() runId: string;
}

const applyRetention = (queue: QueueDefinition) =>
  defineJob({
    name: `${queue.owner}.apply-retention.v1`,
    queue,
    payload: ApplyRetentionPayload,
    idempotencyKey: (p) => p.runId,
    retry: RETRY,
  });

/** Admin → each service, once a day and merchant: remove what is older than the merchant keeps it. */
export const conversationRetention = applyRetention(QUEUES['conversation-data']);
export const checkoutRetention = applyRetention(QUEUES['checkout-data']);
export const outboundRetention = applyRetention(QUEUES['outbound-data']);
export const journalRetention = applyRetention(QUEUES['admin-data']);

export class ErasePersonPayload {
  @IsString() erasureId: string;
  @IsISO8601() requestedAt: string;
  /** Who it is, as far as is known by now. Emptied with the item's end. */
  @IsObject() subject: PersonSubject;
  @IsObject() report: ErasureReport;
  /** Id of the item that began it: what the person writes later is a new acquaintance's. */
  @IsOptional() @IsString() upTo?: string;
}

const erasePerson = (queue: QueueDefinition) =>
  defineJob({
    name: `${queue.owner}.erase-person.v1`,
    queue,
    payload: ErasePersonPayload,
    idempotencyKey: (p) => p.erasureId,
    retry: RETRY,
  });

/** Admin → conversation → checkout → outbound → admin: each forgets the person and hands on what it learned. */
export const conversationErasePerson = erasePerson(QUEUES['conversation-data']);
export const checkoutErasePerson = erasePerson(QUEUES['checkout-data']);
export const outboundErasePerson = erasePerson(QUEUES['outbound-data']);
export const journalErasePerson = erasePerson(QUEUES['admin-data']);

export class EraseMerchantPayload {
  /** `planned` by the closing, or asked for by an operator: two of them are two items of one erasure. */
  @IsString() occasion: string;
}

const eraseMerchant = (queue: QueueDefinition, verb = 'erase-merchant') =>
  defineJob({
    name: `${queue.owner}.${verb}.v1`,
    queue,
    payload: EraseMerchantPayload,
    idempotencyKey: (p) => p.occasion,
    retry: RETRY,
  });

/** Admin, at its time → the services, one after the other → admin: nothing is left of a closed merchant. */
export const beginMerchantErasure = eraseMerchant(QUEUES['admin-data']);
export const conversationEraseMerchant = eraseMerchant(QUEUES['conversation-data']);
export const checkoutEraseMerchant = eraseMerchant(QUEUES['checkout-data']);
export const outboundEraseMerchant = eraseMerchant(QUEUES['outbound-data']);
export const catalogEraseMerchant = eraseMerchant(QUEUES['catalog-data']);
export const finishMerchantErasure = eraseMerchant(QUEUES['admin-data'], 'finish-erasure');
