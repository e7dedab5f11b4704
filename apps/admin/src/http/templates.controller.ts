import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { fromCursor } from '../cursors.js';
import { Templates } from '../onboarding/templates.js';
import { Needs } from './access.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { page, PageQuery } from './page.dto.js';
import { PutTemplate, PutTemplateView, TemplatePage, TemplateParams, TemplateView } from './templates.dto.js';

@ApiResource('Templates')
@Controller('v1/merchants/:merchantId/templates')
export class TemplatesController {
  constructor(private readonly templates: Templates) {}

  @Put(':purpose')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'The template for a purpose, in one language',
    description:
      'Is handed in at the channel when it has none of this name and language. All senders of the business account can send it then.',
  })
  @ApiProblems(404, 409, 422, 502)
  @ApiOkResponse({ type: PutTemplateView })
  async put(
    @Param() { merchantId, purpose }: TemplateParams,
    @Body() body: PutTemplate,
  ): Promise<PutTemplateView> {
    const { row, status, created } = await this.templates.put(merchantId, purpose, body);
    return { ...TemplateView.of(row), status, created };
  }

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: "The merchant's templates" })
  @ApiProblems(404)
  @ApiOkResponse({ type: TemplatePage })
  async list(@Param('merchantId') merchantId: string, @Query() query: PageQuery): Promise<TemplatePage> {
    const rows = await this.templates.list(merchantId, query.limit, fromCursor(query.cursor));
    return page(rows, query.limit, (row) => row.id, TemplateView.of);
  }
}
