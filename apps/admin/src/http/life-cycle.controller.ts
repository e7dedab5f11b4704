import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LifeCycle } from '../onboarding/life-cycle.js';
import { Needs, OperatorOnly } from './access.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { tagged } from './merchants.controller.js';
import { CloseMerchant, MerchantView, SuspendMerchant } from './merchants.dto.js';

/** Doing again what is done already changes nothing, so that none of these needs an Idempotency-Key. */
@ApiResource('Merchants')
@OperatorOnly()
@Needs('merchants:write')
@Controller('v1/merchants/:merchantId')
export class LifeCycleController {
  constructor(private readonly lifeCycle: LifeCycle) {}

  @Post('suspend')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Suspend a merchant',
    description:
      'Operators only. Within seconds: what customers write is kept and not answered, what was to be sent is held.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: MerchantView })
  async suspend(
    @Param('merchantId') merchantId: string,
    @Body() { reason }: SuspendMerchant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantView> {
    return tagged(reply, await this.lifeCycle.suspend(merchantId, reason));
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Resume a suspended merchant',
    description:
      'Operators only. What was held goes on; what customers wrote more than 24 hours ago is noted and not answered.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: MerchantView })
  async resume(
    @Param('merchantId') merchantId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantView> {
    return tagged(reply, await this.lifeCycle.resume(merchantId));
  }

  @Post('close')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Close a merchant for good',
    description:
      'Operators only. Revokes its keys, switches its accounts off, frees their numbers for others and wipes its ' +
      'credentials. Refuses while orders are open, unless forced. What is left is erased after `eraseAfterDays`.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: MerchantView })
  async close(
    @Param('merchantId') merchantId: string,
    @Body() body: CloseMerchant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantView> {
    return tagged(reply, await this.lifeCycle.close(merchantId, body));
  }
}
