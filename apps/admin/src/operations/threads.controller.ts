import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { Shown, type Showing } from '../http/shown.js';
import { afterOf, keyOf } from './keyset.js';
import { IdParams, MerchantParams, ShowPageQuery, ShowQuery } from './queries.dto.js';
import { ThreadPage, ThreadQuery, ThreadView } from './threads.dto.js';
import { Threads } from './threads.js';
import { TimelinePage, timelinePage } from './timeline.dto.js';
import { Timelines } from './timelines.js';

@ApiResource('Threads')
@Controller('v1/merchants/:merchantId/threads')
export class ThreadsController {
  constructor(
    private readonly threads: Threads,
    private readonly timelines: Timelines,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Threads, latest activity first',
    description: '`q` searches by phone number, user id, name or order number. Phone numbers are masked.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: ThreadPage })
  async list(
    @Param() { merchantId }: MerchantParams,
    @Query() query: ThreadQuery,
    @Shown() { show }: Showing,
  ): Promise<ThreadPage> {
    const rows = await this.threads.list(merchantId, { ...query, after: afterOf(query.cursor) });
    return page(
      rows,
      query.limit,
      (row) => keyOf(row.updatedKey, row.threadId),
      (row) => ThreadView.of(row, show),
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'One thread, by its id or one that it had before a merge' })
  @ApiProblems(404)
  @ApiOkResponse({ type: ThreadView })
  async find(
    @Param() { merchantId, id }: IdParams,
    @Query() _shown: ShowQuery,
    @Shown() { show }: Showing,
  ): Promise<ThreadView> {
    return ThreadView.of(await this.threads.find(merchantId, id), show);
  }

  @Get(':id/timeline')
  @ApiOperation({
    summary: 'What happened in a thread, across all services, oldest first',
    description: 'What the customer wrote, what was answered and what became of it, and the orders.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: TimelinePage })
  async timeline(
    @Param() { merchantId, id }: IdParams,
    @Query() query: ShowPageQuery,
    @Shown() { show }: Showing,
  ): Promise<TimelinePage> {
    return timelinePage(await this.timelines.ofThread(merchantId, id), query, show);
  }
}
