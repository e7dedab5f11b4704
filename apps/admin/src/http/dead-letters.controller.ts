import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { Calling } from '../auth/access.js';
import { DeadLetters } from '../onboarding/dead-letters.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import {
  DeadLetterPage,
  DeadLetterParams,
  DeadLetterQuery,
  DeadLetterView,
  RedriveView,
} from './dead-letters.dto.js';
import { fieldProblem } from './problem.js';
import { fromCursor, page } from './page.dto.js';

@ApiResource('Dead letters')
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLetters) {}

  @Get()
  @ApiOperation({ summary: 'Work that failed for good and waits for a person, newest first' })
  @ApiOkResponse({ type: DeadLetterPage })
  async list(@Query() query: DeadLetterQuery, @Calling() caller: Caller): Promise<DeadLetterPage> {
    const before = fromCursor(query.cursor);
    if (before !== undefined && !/^\d{1,18}$/.test(before)) {
      const detail = 'cursor must be the nextCursor of the page before';
      throw fieldProblem([{ field: 'cursor', rule: 'matches', detail }]);
    }
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : query.merchantId;
    const rows = await this.letters.list(merchantId, query.limit, before);
    return page(rows, query.limit, (row) => row.id, DeadLetterView.of);
  }

  @Post(':id/redrive')
  @HttpCode(202)
  @ApiOperation({ summary: 'Put it back in line, with all its attempts' })
  @ApiProblems(404)
  @ApiAcceptedResponse({ type: RedriveView })
  async redrive(@Param() { id }: DeadLetterParams, @Calling() caller: Caller): Promise<RedriveView> {
    const { queue, stream } = await this.letters.redrive(id, caller);
    return { id, queue, stream };
  }
}
