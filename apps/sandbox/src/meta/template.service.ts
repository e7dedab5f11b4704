import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '#platform';
import { GraphError } from './graph-error.js';
import { MetaStore } from './meta-store.js';
import { MetaWebhooks } from './meta-webhooks.js';
import type { Template, TemplateStatus, Waba } from './model.js';
import { readNewTemplate } from './template-rules.js';
import { accountChange } from './wire.js';

/** Templates of an unverified business. */
const MOST_TEMPLATES = 250;

/** Creates templates, which are approved at once here, and tells the business about every change of state. */
@Injectable()
export class TemplateService {
  constructor(
    private readonly store: MetaStore,
    private readonly webhooks: MetaWebhooks,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  create(waba: Waba, body: unknown): Template {
    const created = readNewTemplate(body);
    if (this.store.template(waba.wabaId, created.name, created.language)) {
      throw new GraphError(100, `There is already ${created.language} content for template ${created.name}`);
    }
    if (this.store.templatesOf(waba.wabaId).length >= MOST_TEMPLATES) {
      throw new GraphError(100, `A business account has at most ${MOST_TEMPLATES} templates`);
    }
    const template: Template = {
      ...created,
      id: String(randomInt(10 ** 14, 2 ** 48 - 1)),
      wabaId: waba.wabaId,
      status: 'APPROVED',
    };
    this.store.putTemplate(template);
    this.announce(waba, template, 'APPROVED');
    return template;
  }

  /** Takes a template away in all its languages. Answers how many there were. */
  delete(waba: Waba, name: string): number {
    const named = this.store.templatesOf(waba.wabaId).filter((template) => template.name === name);
    for (const template of named) {
      this.store.deleteTemplate(template);
      this.announce(waba, template, 'DELETED');
    }
    return named.length;
  }

  /** What a control call makes Meta decide. Resuming a paused template is told as REINSTATED. */
  setStatus(waba: Waba, template: Template, status: TemplateStatus): Template {
    const changed = { ...template, status };
    this.store.putTemplate(changed);
    const resumed = status === 'APPROVED' && (template.status === 'PAUSED' || template.status === 'DISABLED');
    this.announce(waba, changed, resumed ? 'REINSTATED' : status);
    return changed;
  }

  private announce(waba: Waba, template: Template, event: string): void {
    const value = {
      event,
      message_template_id: Number(template.id),
      message_template_name: template.name,
      message_template_language: template.language,
      message_template_category: template.category,
      reason: event === 'REJECTED' ? 'INVALID_FORMAT' : 'NONE',
      ...(event === 'PAUSED'
        ? {
            other_info: {
              title: 'FIRST_PAUSE',
              description: 'Your message template has been paused for 3 hours because it had issues.',
            },
          }
        : {}),
      ...(event === 'DISABLED'
        ? { disable_info: { disable_date: this.clock.now().toISOString().slice(0, 10) } }
        : {}),
    };
    const field = 'message_template_status_update';
    this.webhooks.send(waba, accountChange(waba, field, value, this.clock.now()), {
      lane: `templates ${waba.wabaId}`,
      field,
    });
  }
}
