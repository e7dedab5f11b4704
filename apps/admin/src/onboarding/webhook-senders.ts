import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { RefusedWebhook, Refusals, WebhookSender } from '#core/tenancy';
import { webhookSendersSeen, type WebhookSenderSeen } from '#evidence';
import { Merchants } from './merchants.js';

/** What the gateway has written down of one sender. */
export interface SenderRecord extends Omit<WebhookSender, 'merchantId'> {
  lastReceivedAt: Date | null;
  refused: Refusals | null;
  /** Newest first. */
  latest: RefusedWebhook[];
}

/** When webhooks of a merchant's connections were last accepted, and which were refused. */
@Injectable()
export class WebhookSenders {
  constructor(private readonly merchants: Merchants) {}

  /** Those with refusals, the latest first. @throws Refusal `not_found`. */
  async refused(merchantId: string): Promise<SenderRecord[]> {
    const records = await this.merchants.read(merchantId, (tx) => readSenders(tx));
    return records
      .filter(({ refused }) => refused !== null)
      .toSorted((a, b) => b.refused!.lastAt.getTime() - a.refused!.lastAt.getTime());
  }
}

/** All of the transaction's merchant: at most one for each account that it has had, and a few. */
export async function readSenders(tx: EntityManager): Promise<SenderRecord[]> {
  const rows = (await tx.query(
    `SELECT * FROM ${webhookSendersSeen.name} ORDER BY port, kind, id LIMIT 1000`,
  )) as WebhookSenderSeen[];
  return rows.map(({ port, kind, id, latest, ...row }) => ({
    port,
    kind,
    id,
    lastReceivedAt: row.accepted_at,
    refused:
      row.refused_since && row.refused_at
        ? {
            count: Number(row.refused),
            since: row.refused_since,
            lastAt: row.refused_at,
            reasons: row.reasons,
          }
        : null,
    latest: latest.map((refusal) => ({ ...refusal, at: new Date(refusal.at) })),
  }));
}

/**
 * What is known of one connection. Webhooks to an address of its vendor that names no account, and those of the merchant's own
 * app, may be its: they count when it has no refusals by its own name.
 */
export function recordOf(
  records: readonly SenderRecord[],
  { port, kind, id }: Omit<WebhookSender, 'merchantId'>,
): Pick<SenderRecord, 'lastReceivedAt' | 'refused'> {
  const own = records.find((one) => one.port === port && one.kind === kind && one.id === id);
  const strays = records.filter(
    (one) =>
      one.kind === kind &&
      ((one.port === port && one.id === '') || (port === 'channel' && one.port === 'channel_app')),
  );
  const stray = strays
    .flatMap(({ refused }) => refused ?? [])
    .toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime())[0];
  return { lastReceivedAt: own?.lastReceivedAt ?? null, refused: own?.refused ?? stray ?? null };
}
