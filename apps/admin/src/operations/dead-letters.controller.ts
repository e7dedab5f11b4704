import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { Calling } from '../http/access.js';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import {
  DeadLetterPage,
  DeadLetterParams,
  DeadLetterQuery,
  DeadLetterView,
  RedriveView,
} from './dead-letters.dto.js';
import { DeadLetters } from './dead-letters.js';
import { numberAfter } from './keyset.js';
import { maskDeep } from './mask.js';

@ApiResource('Dead letters')
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLetters) {}

  @Get()
  @ApiOperation({ summary: 'Work that failed for good and waits for a person, newest first' })
  @ApiOkResponse({ type: DeadLetterPage })
  async list(@Query() query: DeadLetterQuery, @Calling() caller: Caller): Promise<DeadLetterPage> {
    const { service, name, source, orderRef } = query;
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : query.merchantId;
    const search = { service, name, source, orderRef };
    const rows = await this.letters.list(merchantId, query.limit, numberAfter(query.cursor), search);
    return page(
      rows,
      query.limit,
      (row) => row.id,
      (row) => DeadLetterView.of(row, maskDeep),
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'One dead letter' })
  @ApiProblems(404)
  @ApiOkResponse({ type: DeadLetterView })
  async find(@Param() { id }: DeadLetterParams, @Calling() caller: Caller): Promise<DeadLetterView> {
    return DeadLetterView.of(await this.letters.find(id, caller), maskDeep);
  }

  @Post(':id/redrive')
  @HttpCode(202)
  @ApiOperation({ summary: 'Put it back in line, with all its attempts' })
  @ApiProblems(404)
  @ApiAcceptedResponse({ type: RedriveView })
  async redrive(@Param() { id }: DeadLetterParams, @Calling() caller: Caller): Promise<RedriveView> {
    const { queue, stream } = await this.letters.redrive(id, caller);
    return { id, queue, stream: maskDeep(stream) };
  }
}
