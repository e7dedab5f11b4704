import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { AuditReader } from '../audit/audit-reader.js';
import { Calling, Needs } from '../auth/access.js';
import { ApiResource } from './api-docs.js';
import { AuditPage, AuditQuery, AuditView } from './audit.dto.js';
import { fromCursor, page } from './page.dto.js';
import { fieldProblem } from './problem.js';

@ApiResource('Audit log')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly reader: AuditReader) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'What operators and merchants changed, newest first',
    description:
      "A merchant's key sees its own merchant's rows. `npm run audit:verify` checks the chain of hashes.",
  })
  @ApiOkResponse({ type: AuditPage })
  async list(@Query() query: AuditQuery, @Calling() caller: Caller): Promise<AuditPage> {
    const before = fromCursor(query.cursor);
    if (before !== undefined && !/^\d{1,18}$/.test(before)) {
      const detail = 'cursor must be the nextCursor of the page before';
      throw fieldProblem([{ field: 'cursor', rule: 'matches', detail }]);
    }
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : query.merchantId;
    const rows = await this.reader.list({ ...query, merchantId }, query.limit, before);
    return page(rows, query.limit, (row) => row.id, AuditView.of);
  }
}
