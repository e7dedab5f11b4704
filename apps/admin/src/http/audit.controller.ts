import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { AuditLog } from '../audit/audit-log.js';
import { AuditReader } from '../audit/audit-reader.js';
import { fromCursor } from '../cursors.js';
import { InvalidFields } from '../refusal.js';
import { Calling, Needs, OperatorOnly } from './access.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { AuditPage, AuditQuery, AuditReportView, AuditView, VerifyAudit } from './audit.dto.js';
import { page } from './page.dto.js';
import { problem } from './problem.js';

@ApiResource('Audit log')
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly reader: AuditReader,
    private readonly log: AuditLog,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'What operators and merchants changed, newest first',
    description:
      "A merchant's key sees its own merchant's rows. `people.unmask`: phone numbers were read in full.",
  })
  @ApiOkResponse({ type: AuditPage })
  async list(@Query() query: AuditQuery, @Calling() caller: Caller): Promise<AuditPage> {
    const before = fromCursor(query.cursor);
    if (before !== undefined && !/^\d{1,18}$/.test(before)) {
      const detail = 'cursor must be the nextCursor of the page before';
      throw new InvalidFields([{ field: 'cursor', rule: 'matches', detail }]);
    }
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : query.merchantId;
    const rows = await this.reader.list({ ...query, merchantId }, query.limit, before);
    return page(rows, query.limit, (row) => row.id, AuditView.of);
  }

  @Post('verify')
  @OperatorOnly()
  @Needs('audit:read')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Recompute all chains of hashes',
    description:
      'Operators only. Name the heads that an earlier call has answered: rows that were cut off at the end of a chain ' +
      'can be missed by comparison only. For more than 5,000 chains: `npm run audit:verify`.',
  })
  @ApiProblems(409)
  @ApiOkResponse({ type: AuditReportView })
  @ApiBody({ type: VerifyAudit })
  async verify(@Body() body: unknown): Promise<AuditReportView> {
    const report = await this.reader.verify(VerifyAudit.headsOf(body));
    if (!report)
      throw problem(409, 'verifying', 'the audit log is being recomputed: ask again when that has ended');
    const view = { sound: report.breaks.length === 0, ...report };
    const { sound, rows, breaks } = view;
    await this.log.note({
      merchantId: null,
      action: 'audit.verify',
      target: 'audit',
      after: { sound, rows, breaks },
    });
    return view;
  }
}
