import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CLOCK, type Clock } from '#platform';
import { Needs, OperatorOnly } from '../http/access.js';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { MerchantErasure } from './merchant-erasure.js';
import { MerchantExport } from './merchant-export.js';
import { MerchantErasureView } from './people.dto.js';

/** What a merchant takes along, and that nothing of it stays behind. */
@ApiResource('Merchants')
@Controller('v1/merchants/:merchantId')
export class LeavingController {
  constructor(
    private readonly exports: MerchantExport,
    private readonly erasure: MerchantErasure,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('export')
  @Needs('people:unmask')
  @ApiOperation({
    summary: 'Everything of the merchant, without its secrets',
    description:
      'JSON lines: `{"table", "row"}` each, and `{"end": true, "rows"}` as the last: without it the export is not whole.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
  async export(@Param('merchantId') merchantId: string, @Res() reply: FastifyReply): Promise<void> {
    const lines = await this.exports.of(merchantId);
    // Not awaited: whoever reads it slowly is not worked on.
    void reply
      .type('application/x-ndjson; charset=utf-8')
      .header('content-disposition', `attachment; filename="${merchantId}.ndjson"`)
      .send(Readable.from(lines));
  }

  @Post('erase')
  @HttpCode(202)
  @OperatorOnly()
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Erase a closed merchant now',
    description:
      'Operators only. Credentials first, then the rows of every service. What stays: its id, that it was erased, and the audit log.',
  })
  @ApiProblems(404, 409)
  @ApiAcceptedResponse({ type: MerchantErasureView })
  async erase(@Param('merchantId') merchantId: string): Promise<MerchantErasureView> {
    return MerchantErasureView.of(await this.erasure.now(merchantId), this.clock.now());
  }

  @Get('erasure')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'Whether and when the merchant is erased, and how far that is' })
  @ApiProblems(404)
  @ApiOkResponse({ type: MerchantErasureView })
  async state(@Param('merchantId') merchantId: string): Promise<MerchantErasureView> {
    return MerchantErasureView.of(await this.erasure.find(merchantId), this.clock.now());
  }
}
