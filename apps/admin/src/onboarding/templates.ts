import { Inject, Injectable } from '@nestjs/common';
import { MoreThan, type EntityManager } from 'typeorm';
import { checkTemplateText, sampleValues } from '#core/tenancy';
import type { TemplatePurpose } from '#core/messaging';
import { type ChannelAccountEntity, TemplateEntity } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { CallFailed, type TemplateBook, type TemplateFacts } from '#vendors';
import { AuditLog } from '../audit/audit-log.js';
import { InvalidFields, Refusal } from '../refusal.js';
import { accountsOf, hasTemplates } from './channel-accounts.js';
import { Merchants, requireOpen } from './merchants.js';
import { Vendors } from './vendors.js';

/** As many languages as a channel may have. */
const MOST_LANGUAGES = 100;

/** A template for a purpose, as it is given. */
export type GivenTemplate = Pick<TemplateEntity, 'name' | 'language' | 'category' | 'body' | 'parameters'>;

/** Templates by purpose, here and at the channel. */
@Injectable()
export class Templates {
  constructor(
    private readonly merchants: Merchants,
    private readonly vendors: Vendors,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the order in which they were made, one more than `limit`. */
  list(merchantId: string, limit: number, after: string | undefined): Promise<TemplateEntity[]> {
    return this.merchants.read(merchantId, (tx) =>
      tx.find(TemplateEntity, {
        where: { merchantId, ...(after ? { id: MoreThan(after) } : {}) },
        order: { id: 'ASC' },
        take: limit + 1,
      }),
    );
  }

  /**
   * Makes sure that the channel has the template, then stores which one serves the purpose.
   * @throws Refusal `conflict` without a channel account, `impossible` when the channel refuses or with too many
   * languages, `unreachable` when it does not answer.
   */
  async put(
    merchantId: string,
    purpose: TemplatePurpose,
    given: GivenTemplate,
  ): Promise<{ row: TemplateEntity; status: string; created: boolean }> {
    const problems = checkTemplateText(given.body, given.parameters);
    if (problems.length > 0) throw new InvalidFields(problems);
    const all = await this.merchants.read(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      await requireFewLanguages(tx, purpose, given.language);
      return accountsOf(tx, merchantId);
    });
    if (all.length === 0) throw new Refusal('conflict', 'not_connected', 'connect a channel account first');
    const accounts = all.filter(hasTemplates);
    if (accounts.length === 0)
      throw new Refusal('impossible', 'no_templates', 'the connected channels have no templates');
    // Templates belong to the business account: each of them needs it once, and every number of it can send it.
    const businesses = accounts.filter(
      (a, i) => accounts.findIndex((b) => b.accountId === a.accountId) === i,
    );
    const answers = [];
    for (const account of businesses) {
      answers.push(await ensure((await this.vendors.templates(account))!, given));
    }
    const row = await this.merchants.within(merchantId, async (tx) => {
      await requireFewLanguages(tx, purpose, given.language);
      const rows: TemplateEntity[] = [];
      for (const account of accounts) rows.push(await this.store(tx, account, purpose, given));
      const { id: target } = rows[0]!;
      const after = { purpose, ...given, numbers: rows.length };
      await this.audit.record(tx, { merchantId, action: 'template.put', target, after });
      return rows[0]!;
    });
    return { row, ...answers[0]! };
  }

  private async store(
    tx: EntityManager,
    account: ChannelAccountEntity,
    purpose: TemplatePurpose,
    given: GivenTemplate,
  ): Promise<TemplateEntity> {
    const key = { channelAccountId: account.id, purpose, language: given.language };
    const known = await tx.findOneBy(TemplateEntity, key);
    return tx.save(
      TemplateEntity,
      tx.create(TemplateEntity, {
        ...key,
        id: known?.id ?? newId('tpl'),
        merchantId: account.merchantId,
        name: given.name,
        category: given.category,
        body: given.body,
        parameters: given.parameters,
        createdAt: known?.createdAt ?? this.clock.now(),
      }),
    );
  }

  /** The channel's word for each of the account's templates. @throws CallFailed */
  async statuses(account: ChannelAccountEntity): Promise<TemplateFacts[]> {
    return (await this.vendors.templates(account))?.list() ?? [];
  }
}

/** @throws Refusal `impossible` */
async function requireFewLanguages(tx: EntityManager, purpose: string, language: string): Promise<void> {
  const [row] = (await tx.query(
    `SELECT count(DISTINCT language)::int AS others FROM tenancy.templates WHERE purpose = $1 AND language <> $2`,
    [purpose, language],
  )) as { others: number }[];
  if (row!.others >= MOST_LANGUAGES) {
    throw new Refusal(
      'impossible',
      'too_many_languages',
      `a purpose has templates in ${MOST_LANGUAGES} languages at most`,
    );
  }
}

async function ensure(
  book: TemplateBook,
  given: GivenTemplate,
): Promise<{ status: string; created: boolean }> {
  try {
    const known = (await book.list()).find((t) => t.name === given.name && t.language === given.language);
    if (known) return { status: known.status, created: false };
    const { name, language, category, body, parameters } = given;
    const made = await book.create({ name, language, category, body, examples: sampleValues(parameters) });
    return { status: made.status, created: true };
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    throw error.why === 'no_answer'
      ? new Refusal('unreachable', 'vendor_unreachable', error.message)
      : new Refusal('impossible', 'vendor_refused', error.message);
  }
}
