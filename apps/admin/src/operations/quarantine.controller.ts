import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorOnly } from '../http/access.js';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { Shown, type Showing } from '../http/shown.js';
import { numberAfter } from './keyset.js';
import {
  QuarantinedView,
  QuarantinePage,
  QuarantineParams,
  QuarantineQuery,
  ReleasedView,
} from './quarantine.dto.js';
import { Quarantine } from './quarantine.js';

@ApiResource('Quarantine')
@OperatorOnly()
@Controller('v1/quarantine')
export class QuarantineController {
  constructor(private readonly quarantine: Quarantine) {}

  @Get()
  @ApiOperation({
    summary: 'Webhook items that could be led to no merchant, newest first',
    description: 'Operators only. Each says where it would go now.',
  })
  @ApiOkResponse({ type: QuarantinePage })
  async list(@Query() query: QuarantineQuery, @Shown() { show }: Showing): Promise<QuarantinePage> {
    const rows = await this.quarantine.list(query.limit, {
      before: numberAfter(query.cursor),
      reason: query.reason,
    });
    return page(
      rows,
      query.limit,
      (row) => row.id,
      (row) => QuarantinedView.of(row, show),
    );
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Give an item to the merchant to which it leads now',
    description:
      'Operators only. Routed as the gateway would route it if it came now; 409 says what is missing.',
  })
  @ApiProblems(404, 409)
  @ApiAcceptedResponse({ type: ReleasedView })
  async replay(@Param() { id }: QuarantineParams): Promise<ReleasedView> {
    return ReleasedView.of(id, await this.quarantine.replay(id));
  }
}
