import { Inject, Injectable } from '@nestjs/common';
import { In, IsNull, MoreThan, type EntityManager } from 'typeorm';
import { ChannelAccountEntity, lockNames, type Given, type NewItem } from '#persistence';
import { CLOCK, ENV, newId, type Clock } from '#platform';
import { channelOf, CHANNELS, webhookPath } from '#vendors';
import { AuditLog } from '../audit/audit-log.js';
import type { AdminEnv } from '../env.js';
import { Refusal } from '../refusal.js';
import { matchIfSaid } from '../versions.js';
import { conflictOn } from './conflicts.js';
import { shown } from './field-values.js';
import { FormerSecrets } from './former-secrets.js';
import { Merchants, requireOpen } from './merchants.js';
import { ResumedAccounts } from './resumed-accounts.js';
import { Vault } from './vault.js';

/** Whether a merchant is ready asks the channel about each of them at once. */
const MOST_ACCOUNTS = 50;

/** What an account is, in no channel's own words. */
export interface NewAccount extends Given {
  kind: string;
  accountId: string;
  /** The channel's id of what messages are sent from. */
  senderId: string;
  displayName: string;
  catalogId?: string;
  messagesPerSecond?: number;
  enabled?: boolean;
  /** How long a webhook secret that is replaced stays good. */
  overlapHours?: number;
}

/** What may change of it; what is left out stays. */
type ChangedAccount = Given & Partial<Omit<NewAccount, 'kind' | 'accountId' | 'senderId'>>;

/** A merchant's accounts at channels: numbers, pages. */
@Injectable()
export class ChannelAccounts {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly former: FormerSecrets,
    private readonly audit: AuditLog,
    private readonly resumed: ResumedAccounts,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: AdminEnv,
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

  /** @throws Refusal `not_found`. */
  find(merchantId: string, id: string): Promise<ChannelAccountEntity> {
    return this.merchants.read(merchantId, (tx) => findAccount(tx, merchantId, id));
  }

  /** The account of this channel that was connected first. @throws Refusal `not_found`. */
  first(merchantId: string, kind: string): Promise<ChannelAccountEntity> {
    return this.merchants.read(merchantId, async (tx) => {
      const [row] = await accountsOf(tx, merchantId, [kind]);
      if (!row)
        throw new Refusal(
          'not_found',
          'not_connected',
          `no ${channelOf(kind).displayName} account is connected yet`,
        );
      return row;
    });
  }

  /** @throws Refusal `conflict` when it is connected already, here or elsewhere, `impossible` with too many accounts. */
  create(tx: EntityManager, merchantId: string, given: NewAccount): Promise<ChannelAccountEntity> {
    return this.store(tx, merchantId, undefined, given);
  }

  /**
   * Connects a merchant's account, or replaces the settings of the one that it has at this channel. Of several, the one
   * that is named by its sender. @throws Refusal `conflict` when it belongs to another merchant or none of several is
   * meant, `changed`.
   */
  async put(merchantId: string, given: NewAccount, ifMatch?: string): Promise<ChannelAccountEntity> {
    const { row, asked } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const all = await accountsOf(tx, merchantId, [given.kind]);
      const named = all.find((n) => n.senderId === given.senderId);
      if (!named && all.length > 1) {
        throw new Refusal(
          'conflict',
          'several_numbers',
          'this merchant has several of them: POST connects one more, PATCH by its id changes one',
        );
      }
      const known = named ?? all[0];
      matchIfSaid(ifMatch, known ?? null);
      const stored = await this.store(tx, merchantId, known, given);
      return { row: stored, asked: await this.askIfSwitchedOn(tx, known, stored) };
    });
    await this.resumed.wake(asked);
    return row;
  }

  /** @throws Refusal `not_found`, `conflict` for a closed merchant, `changed`. */
  async update(
    merchantId: string,
    id: string,
    change: ChangedAccount,
    ifMatch?: string,
  ): Promise<ChannelAccountEntity> {
    const { updated, asked } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const row = await findAccount(tx, merchantId, id);
      matchIfSaid(ifMatch, row);
      const { displayName, catalogId, messagesPerSecond, enabled } = change;
      const newSecret = Object.keys(change.credentials).length > 0;
      const isReconnected = newSecret || Object.keys(change.settings).length > 0;
      await this.keepFormer(tx, row, change);
      const next = tx.create(ChannelAccountEntity, {
        ...row,
        displayName: displayName ?? row.displayName,
        catalogId: catalogId ?? row.catalogId,
        messagesPerSecond: messagesPerSecond ?? row.messagesPerSecond,
        enabled: enabled ?? row.enabled,
        ...(isReconnected && {
          ...(await this.vault.change('channel_accounts', row, change)),
          verifiedAt: null,
        }),
      });
      await tx.save(ChannelAccountEntity, next);
      await this.record(tx, row, next, newSecret);
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
      throw new Refusal(
        'impossible',
        'too_many_accounts',
        `a merchant has ${MOST_ACCOUNTS} channel accounts at most`,
      );
    }
    const { templates } = channelOf(given.kind);
    await requireOwnBusinessAccount(tx, merchantId, given);
    const id = known?.id ?? newId('acc');
    if (known) await this.keepFormer(tx, known, given);
    const row = tx.create(ChannelAccountEntity, {
      id,
      merchantId,
      kind: given.kind,
      accountId: given.accountId,
      senderId: given.senderId,
      displayName: given.displayName,
      catalogId: given.catalogId ?? null,
      ...(await this.vault.sealFields('channel_accounts', id, given)),
      messagesPerSecond: given.messagesPerSecond ?? 80,
      enabled: given.enabled ?? true,
      verifiedAt: null,
      releasedAt: null,
      createdAt: known?.createdAt ?? this.clock.now(),
    });
    await conflictOn(
      {
        channel_accounts_kind_sender_id_key: CONNECTED,
        channel_accounts_kind_phone_number_id_key: CONNECTED,
      },
      async (): Promise<unknown> =>
        known ? tx.save(ChannelAccountEntity, row) : tx.insert(ChannelAccountEntity, row),
    );
    if (!known && templates) await shareTemplates(tx, row);
    await this.record(tx, known, row, true);
    return row;
  }

  /** The secret that signs an account's webhooks is good for a while beside its successor. */
  private async keepFormer(
    tx: EntityManager,
    known: ChannelAccountEntity,
    { credentials, overlapHours }: Pick<NewAccount, 'credentials' | 'overlapHours'>,
  ): Promise<void> {
    const { secret: field = '' } = channelOf(known.kind).accountWebhooks ?? {};
    const successor = credentials[field];
    if (successor === undefined) return;
    const { [field]: secret } = await this.vault.openFields('channel_accounts', known);
    if (secret) await this.former.replace(tx, known.merchantId, known.id, secret, successor, overlapHours);
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
      before: known && this.view(known),
      after: { ...this.view(row), credentials: newSecret ? 'new' : 'as before' },
    });
  }

  private view(row: ChannelAccountEntity) {
    return showChannelAccount(row, this.env.PUBLIC_GATEWAY_URL);
  }
}

/** What of it answers and the audit log show. `gateway`: the public URL that webhooks come to. */
export function showChannelAccount(row: ChannelAccountEntity, gateway: string) {
  const { fields } = channelOf(row.kind);
  return {
    id: row.id,
    kind: row.kind,
    ...shown(fields, row.settings),
    accountId: row.accountId,
    senderId: row.senderId,
    displayName: row.displayName,
    catalogId: row.catalogId,
    messagesPerSecond: row.messagesPerSecond,
    enabled: row.enabled,
    webhookUrl: channelWebhookUrl(row, gateway),
    verifiedAt: row.verifiedAt?.toISOString() ?? null,
    releasedAt: row.releasedAt?.toISOString() ?? null,
  };
}

/** Null for a channel that nothing is read from. */
export function channelWebhookUrl(
  { id, kind, merchantId }: ChannelAccountEntity,
  gateway: string,
): string | null {
  const { webhooks, accountWebhooks } = channelOf(kind);
  if (webhooks) return `${gateway}${webhooks.routes.platform}`;
  if (!accountWebhooks) return null;
  return `${gateway}${webhookPath(accountWebhooks.routes, { merchant: merchantId, account: id })}`;
}

/**
 * What concerns a whole business account (its templates) must lead to one merchant: a second one that names it would
 * have all of it quarantined. It is one, whichever way leads to its channel. Two who name it at once take turns.
 * @throws Refusal `conflict`
 */
async function requireOwnBusinessAccount(
  tx: EntityManager,
  merchantId: string,
  { kind, accountId }: Pick<NewAccount, 'kind' | 'accountId'>,
): Promise<void> {
  const { account } = channelOf(kind).ids;
  const ways = CHANNELS.filter(({ ids }) => ids.account === account).map((way) => way.kind);
  await tx.query(...lockNames('business-account', [accountId]));
  const owners = (await tx.query(
    `SELECT merchant_id AS "merchantId" FROM unnest($1::text[]) kind, tenancy.route_account(kind, $2)`,
    [ways, accountId],
  )) as { merchantId: string }[];
  if (owners.some((owner) => owner.merchantId !== merchantId)) {
    throw new Refusal(
      'conflict',
      'already_in_use',
      `${account.name}: this ${account.label.toLowerCase()} is connected elsewhere`,
    );
  }
}

/** The same sender under the name of before, while both are kept. */
const CONNECTED = 'this account is connected already, here or elsewhere';

/** Kinds of the channels that a customer can talk on. */
const TALKING = CHANNELS.filter(({ talk }) => talk).map(({ kind }) => kind);

/** Whether messages may go out from it as templates. */
export function hasTemplates({ kind }: ChannelAccountEntity): boolean {
  return channelOf(kind).templates !== undefined;
}

/** A merchant's accounts of these channels, the one that was connected first before the others. */
export function accountsOf(
  tx: EntityManager,
  merchantId: string,
  kinds: readonly string[] = TALKING,
): Promise<ChannelAccountEntity[]> {
  return tx.find(ChannelAccountEntity, {
    where: { merchantId, kind: In([...kinds]), releasedAt: IsNull() },
    order: { createdAt: 'ASC', id: 'ASC' },
  });
}

async function findAccount(tx: EntityManager, merchantId: string, id: string): Promise<ChannelAccountEntity> {
  const row = await tx.findOneBy(ChannelAccountEntity, { merchantId, id });
  if (!row)
    throw new Refusal('not_found', 'channel_account_not_found', 'this merchant has no such channel account');
  return row;
}

/** Templates belong to the business account: a new number of it can send them like the others. */
async function shareTemplates(tx: EntityManager, account: ChannelAccountEntity): Promise<void> {
  await tx.query(
    `INSERT INTO tenancy.templates (id, merchant_id, channel_account_id, purpose, name, language, category, body,
       parameters, created_at)
     SELECT DISTINCT ON (t.purpose, t.language) 'tpl_' || replace(gen_random_uuid()::text, '-', ''), t.merchant_id, $1,
       t.purpose, t.name, t.language, t.category, t.body, t.parameters, $3
     FROM tenancy.templates t JOIN tenancy.channel_accounts a ON a.id = t.channel_account_id
     WHERE a.account_id = $2 AND a.id <> $1 AND a.released_at IS NULL
     ORDER BY t.purpose, t.language, t.id`,
    [account.id, account.accountId, account.createdAt],
  );
}
