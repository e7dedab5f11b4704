import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Readiness } from '../onboarding/readiness.js';
import { Needs } from './access.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { ConnectionView, ReadinessView } from './readiness.dto.js';

@ApiResource('Readiness')
@Controller('v1/merchants/:merchantId/readiness')
export class ReadinessController {
  constructor(private readonly readiness: Readiness) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'What is missing before a first customer can buy',
    description:
      'Asks the vendors just now, with the stored secrets: whether they answer, and whether they bring their webhooks here. ' +
      'What came from them is known to the minute.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: ReadinessView })
  async check(@Param('merchantId') merchantId: string): Promise<ReadinessView> {
    const { steps, connections } = await this.readiness.check(merchantId);
    return {
      ready: steps.every((step) => step.ok),
      steps,
      connections: connections.map((connection) => ConnectionView.of(connection)),
    };
  }
}
