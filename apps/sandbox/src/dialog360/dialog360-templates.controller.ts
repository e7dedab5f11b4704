import { Body, Controller, Delete, Get, Headers, Param, Post, Query, UseFilters } from '@nestjs/common';
import { GraphErrorFilter } from '../meta/graph-error.js';
import { MetaStore } from '../meta/meta-store.js';
import { TemplateService } from '../meta/template.service.js';
import { Dialog360Error, Dialog360ErrorFilter } from './dialog360-error.js';
import { Dialog360Numbers } from './numbers.js';
import { createdTemplate, templatePage } from './templates.js';

/**
 * Templates by 360dialog: those of the business account that the number of the key belongs to. Source:
 * docs.360dialog.com/partner/messaging/template-messages/create-and-manage-template-messages
 */
@Controller('360dialog/v1/configs/templates')
@UseFilters(GraphErrorFilter, Dialog360ErrorFilter)
export class Dialog360TemplatesController {
  constructor(
    private readonly numbers: Dialog360Numbers,
    private readonly store: MetaStore,
    private readonly templates: TemplateService,
  ) {}

  @Get()
  list(@Headers('d360-api-key') apiKey: string | undefined, @Query() query: Record<string, unknown>): object {
    const { waba } = this.numbers.openAccount(apiKey);
    return templatePage(this.store.templatesOf(waba.wabaId), query);
  }

  @Post()
  create(@Headers('d360-api-key') apiKey: string | undefined, @Body() body: unknown): object {
    return createdTemplate(this.templates.create(this.numbers.openAccount(apiKey).waba, body));
  }

  /** In all its languages. */
  @Delete(':name')
  delete(@Headers('d360-api-key') apiKey: string | undefined, @Param('name') name: string): object {
    const { waba } = this.numbers.openAccount(apiKey);
    const removed = this.templates.delete(waba, name);
    if (removed === 0) throw new Dialog360Error(404, `template name=${name} was not found`);
    const developer_message = `template name=${name} was deleted`;
    return { meta: { success: true, http_code: 200, developer_message } };
  }
}
