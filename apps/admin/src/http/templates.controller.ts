import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Templates } from '../onboarding/templates.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutTemplate, PutTemplateView, TemplateList, TemplateParams, TemplateView } from './templates.dto.js';

@ApiResource('Templates')
@Controller('v1/merchants/:merchantId/templates')
export class TemplatesController {
  constructor(private readonly templates: Templates) {}

  @Put(':purpose')
  @ApiOperation({
    summary: 'The template for a purpose, in one language',
    description: 'Is handed in at Meta when Meta has none of this name and language.',
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
  @ApiOperation({ summary: "The merchant's templates" })
  @ApiProblems(404)
  @ApiOkResponse({ type: TemplateList })
  async list(@Param('merchantId') merchantId: string): Promise<TemplateList> {
    return { items: (await this.templates.list(merchantId)).map(TemplateView.of) };
  }
}
