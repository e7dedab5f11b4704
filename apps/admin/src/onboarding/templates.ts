import { Inject, Injectable } from '@nestjs/common';
import { GraphCallError, type TemplateFacts, type WhatsAppClient } from '#adapters/whatsapp-cloud';
import { checkTemplateText, sampleValues } from '#core/tenancy';
import type { TemplatePurpose } from '#core/messaging';
import { ChannelAccountEntity, TemplateEntity } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { fieldProblem, problem } from '../http/problem.js';
import type { PutTemplate } from '../http/templates.dto.js';
import { Merchants } from './merchants.js';
import { graphReason, Vendors } from './vendors.js';

/** Templates by purpose, here and at Meta. */
@Injectable()
export class Templates {
  constructor(
    private readonly merchants: Merchants,
    private readonly vendors: Vendors,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(merchantId: string): Promise<TemplateEntity[]> {
    return this.merchants.within(merchantId, (tx) =>
      tx.find(TemplateEntity, { where: { merchantId }, order: { purpose: 'ASC', language: 'ASC' } }),
    );
  }

  /**
   * Makes sure that Meta has the template, then stores which one serves the purpose.
   * @throws ProblemException 409 without a channel account, 422 when Meta refuses, 502 when it does not answer.
   */
  async put(
    merchantId: string,
    purpose: TemplatePurpose,
    given: PutTemplate,
  ): Promise<{ row: TemplateEntity; status: string; created: boolean }> {
    const problems = checkTemplateText(given.body, given.parameters);
    if (problems.length > 0) throw fieldProblem(problems);
    const account = await this.merchants.within(merchantId, (tx) =>
      tx.findOneBy(ChannelAccountEntity, { merchantId, kind: 'whatsapp' }),
    );
    if (!account) throw problem(409, 'not_connected', 'connect the WhatsApp number first');
    const { status, created } = await ensureAtMeta(await this.vendors.whatsApp(account), account, given);
    const row = await this.merchants.within(merchantId, async (tx) => {
      const key = { channelAccountId: account.id, purpose, language: given.language };
      const known = await tx.findOneBy(TemplateEntity, key);
      return tx.save(
        TemplateEntity,
        tx.create(TemplateEntity, {
          ...key,
          id: known?.id ?? newId('tpl'),
          merchantId,
          name: given.name,
          category: given.category,
          body: given.body,
          parameters: given.parameters,
          createdAt: known?.createdAt ?? this.clock.now(),
        }),
      );
    });
    return { row, status, created };
  }

  /** Meta's word for each of the account's templates. @throws GraphCallError */
  async statuses(account: ChannelAccountEntity): Promise<TemplateFacts[]> {
    const client = await this.vendors.whatsApp(account);
    return client.getTemplates(account.businessAccountId);
  }
}

async function ensureAtMeta(
  client: WhatsAppClient,
  account: ChannelAccountEntity,
  given: PutTemplate,
): Promise<{ status: string; created: boolean }> {
  try {
    const known = (await client.getTemplates(account.businessAccountId)).find(
      (t) => t.name === given.name && t.language === given.language,
    );
    if (known) return { status: known.status, created: false };
    const made = await client.createTemplate(account.businessAccountId, {
      name: given.name,
      language: given.language,
      category: given.category.toUpperCase() as 'UTILITY' | 'MARKETING' | 'AUTHENTICATION',
      body: given.body,
      examples: sampleValues(given.parameters),
    });
    return { status: made.status, created: true };
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    throw error.code === undefined
      ? problem(502, 'vendor_unreachable', graphReason(error))
      : problem(422, 'vendor_refused', graphReason(error));
  }
}
