import { Inject, Injectable } from '@nestjs/common';
import { IsNull, MoreThan, type EntityManager } from 'typeorm';
import { ChannelAccountEntity, lockNames, type ChannelKind, type NewItem } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { ChannelAccountView, type UpdateChannelAccount } from '../http/channel-accounts.dto.js';
import type { PutWhatsAppAccount } from '../http/connections.dto.js';
import { matchIfSaid } from '../http/etag.js';
import { problem } from '../http/problem.js';
import { conflictOn } from './conflicts.js';
import { Merchants, requireOpen } from './merchants.js';
import { ResumedAccounts } from './resumed-accounts.js';
import { Vault } from './vault.js';

/** Whether a merchant is ready asks Meta about each of them at once. */
const MOST_ACCOUNTS = 50;

/** What an account is, in no channel's own words. */
export interface NewAccount {
  kind: ChannelKind;
  businessAccountId: string;
  /** Meta's id of what messages are sent from. */
  senderId: string;
  displayName: string;
  accessToken: string;
  catalogId?: string;
  messagesPerSecond?: number;
  enabled?: boolean;
}

/** A merchant's WhatsApp numbers, Messenger pages and Instagram accounts. */
@Injectable()
export class ChannelAccounts {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly audit: AuditLog,
    private readonly resumed: ResumedAccounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the order in which they were connected, one more than `limit`. */
  list(merchantId: string, limit: number, after: string | undefined): Promise<ChannelAccountEntity[]> {
    return this.merchants.read(merchantId, (tx) =>
      tx.find(ChannelAccountEntity, {
        where: { merchantId, ...(after ? { id: MoreThan(after) } : {}) },
        order: { id: 'ASC' },
        take: limit + 1,
      }),
    );
  }

  /** @throws ProblemException 404. */
  find(merchantId: string, id: string): Promise<ChannelAccountEntity> {
    return this.merchants.read(merchantId, (tx) => findAccount(tx, merchantId, id));
  }

  /** The number that was connected first. @throws ProblemException 404. */
  firstWhatsApp(merchantId: string): Promise<ChannelAccountEntity> {
    return this.merchants.read(merchantId, async (tx) => {
      const [row] = await whatsAppNumbers(tx, merchantId);
      if (!row) throw problem(404, 'not_connected', 'no WhatsApp number is connected yet');
      return row;
    });
  }

  /** @throws ProblemException 409 when it is connected already, here or elsewhere, 422 with too many accounts. */
  create(tx: EntityManager, merchantId: string, given: NewAccount): Promise<ChannelAccountEntity> {
    return this.store(tx, merchantId, undefined, given);
  }

  /**
   * Connects a merchant's number, or replaces the settings of the one that it has. Of several, the one that is named
   * by its `phoneNumberId`. @throws ProblemException 409 when it belongs to another merchant or none of several is
   * meant, 412.
   */
  async putWhatsApp(
    merchantId: string,
    given: PutWhatsAppAccount,
    ifMatch?: string,
  ): Promise<ChannelAccountEntity> {
    const { row, asked } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const numbers = await whatsAppNumbers(tx, merchantId);
      const named = numbers.find((n) => n.phoneNumberId === given.phoneNumberId);
      if (!named && numbers.length > 1) {
        throw problem(
          409,
          'several_numbers',
          'this merchant has several numbers: POST connects one more, PATCH by its id changes one',
        );
      }
      matchIfSaid(ifMatch, named ?? numbers[0] ?? null);
      const known = named ?? numbers[0];
      const stored = await this.store(tx, merchantId, known, {
        ...given,
        kind: 'whatsapp',
        senderId: given.phoneNumberId,
        displayName: given.displayPhoneNumber,
      });
      return { row: stored, asked: await this.askIfSwitchedOn(tx, known, stored) };
    });
    await this.resumed.wake(asked);
    return row;
  }

  /** @throws ProblemException 404, 409 for a closed merchant, 412. */
  async update(
    merchantId: string,
    id: string,
    change: UpdateChannelAccount,
    ifMatch?: string,
  ): Promise<ChannelAccountEntity> {
    const { updated, asked } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const row = await findAccount(tx, merchantId, id);
      matchIfSaid(ifMatch, row);
      const { accessToken, displayName, catalogId, messagesPerSecond, enabled } = change;
      const next = tx.create(ChannelAccountEntity, {
        ...row,
        displayPhoneNumber: displayName ?? row.displayPhoneNumber,
        catalogId: catalogId ?? row.catalogId,
        messagesPerSecond: messagesPerSecond ?? row.messagesPerSecond,
        enabled: enabled ?? row.enabled,
        ...(accessToken === undefined
          ? {}
          : {
              accessToken: await this.vault.seal('channel_accounts', id, 'access_token', accessToken),
              verifiedAt: null,
            }),
      });
      await tx.save(ChannelAccountEntity, next);
      await this.record(tx, row, next, accessToken !== undefined);
      return { updated: next, asked: await this.askIfSwitchedOn(tx, row, next) };
    });
    await this.resumed.wake(asked);
    return updated;
  }

  /** A live call with the stored token went well. */
  async noteVerified(merchantId: string, id: string, verifiedAt: Date): Promise<void> {
    await this.merchants.within(merchantId, (tx) => tx.update(ChannelAccountEntity, { id }, { verifiedAt }));
  }

  private async store(
    tx: EntityManager,
    merchantId: string,
    known: ChannelAccountEntity | undefined,
    given: NewAccount,
  ): Promise<ChannelAccountEntity> {
    if (!known && (await tx.countBy(ChannelAccountEntity, { merchantId })) >= MOST_ACCOUNTS) {
      throw problem(422, 'too_many_accounts', `a merchant has ${MOST_ACCOUNTS} channel accounts at most`);
    }
    if (given.kind === 'whatsapp') await requireOwnBusinessAccount(tx, merchantId, given.businessAccountId);
    const id = known?.id ?? newId('acc');
    const row = tx.create(ChannelAccountEntity, {
      id,
      merchantId,
      kind: given.kind,
      businessAccountId: given.businessAccountId,
      phoneNumberId: given.senderId,
      displayPhoneNumber: given.displayName,
      catalogId: given.catalogId ?? null,
      accessToken: await this.vault.seal('channel_accounts', id, 'access_token', given.accessToken),
      messagesPerSecond: given.messagesPerSecond ?? 80,
      enabled: given.enabled ?? true,
      verifiedAt: null,
      releasedAt: null,
      createdAt: known?.createdAt ?? this.clock.now(),
    });
    await conflictOn(
      { channel_accounts_kind_phone_number_id_key: 'this account is connected already, here or elsewhere' },
      async (): Promise<unknown> =>
        known ? tx.save(ChannelAccountEntity, row) : tx.insert(ChannelAccountEntity, row),
    );
    if (!known) await shareTemplates(tx, row);
    await this.record(tx, known, row, true);
    return row;
  }

  private async askIfSwitchedOn(
    tx: EntityManager,
    before: ChannelAccountEntity | undefined,
    after: ChannelAccountEntity,
  ): Promise<NewItem[]> {
    return before && !before.enabled && after.enabled ? this.resumed.ask(tx, [after]) : [];
  }

  private record(
    tx: EntityManager,
    known: ChannelAccountEntity | undefined,
    row: ChannelAccountEntity,
    newSecret: boolean,
  ): Promise<void> {
    return this.audit.record(tx, {
      merchantId: row.merchantId,
      action: known ? 'channel_account.update' : 'channel_account.connect',
      target: row.id,
      before: known && ChannelAccountView.of(known),
      after: { ...ChannelAccountView.of(row), accessToken: newSecret ? 'new' : 'as before' },
    });
  }
}

/**
 * What concerns a whole business account (its templates) must lead to one merchant: a second one that names it would
 * have all of it quarantined. Two who name it at once take turns.
 * @throws ProblemException 409
 */
async function requireOwnBusinessAccount(
  tx: EntityManager,
  merchantId: string,
  businessAccountId: string,
): Promise<void> {
  await tx.query(...lockNames('business-account', [businessAccountId]));
  const owners = (await tx.query(
    `SELECT merchant_id AS "merchantId" FROM tenancy.route_business_account($1)`,
    [businessAccountId],
  )) as { merchantId: string }[];
  if (owners.some((owner) => owner.merchantId !== merchantId)) {
    throw problem(409, 'already_in_use', 'businessAccountId: this business account is connected elsewhere');
  }
}

/** Numbers of a merchant, the one that was connected first before the others. */
export function whatsAppNumbers(tx: EntityManager, merchantId: string): Promise<ChannelAccountEntity[]> {
  return tx.find(ChannelAccountEntity, {
    where: { merchantId, kind: 'whatsapp', releasedAt: IsNull() },
    order: { createdAt: 'ASC', id: 'ASC' },
  });
}

async function findAccount(tx: EntityManager, merchantId: string, id: string): Promise<ChannelAccountEntity> {
  const row = await tx.findOneBy(ChannelAccountEntity, { merchantId, id });
  if (!row) throw problem(404, 'channel_account_not_found', 'this merchant has no such channel account');
  return row;
}

/** Templates belong to the business account: a new number of it can send them like the others. */
async function shareTemplates(tx: EntityManager, account: ChannelAccountEntity): Promise<void> {
  if (account.kind !== 'whatsapp') return;
  await tx.query(
    `INSERT INTO tenancy.templates (id, merchant_id, channel_account_id, purpose, name, language, category, body,
       parameters, created_at)
     SELECT DISTINCT ON (t.purpose, t.language) 'tpl_' || replace(gen_random_uuid()::text, '-', ''), t.merchant_id, $1,
       t.purpose, t.name, t.language, t.category, t.body, t.parameters, $3
     FROM tenancy.templates t JOIN tenancy.channel_accounts a ON a.id = t.channel_account_id
     WHERE a.business_account_id = $2 AND a.id <> $1 AND a.released_at IS NULL
     ORDER BY t.purpose, t.language, t.id`,
    [account.id, account.businessAccountId, account.createdAt],
  );
}
