import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Readiness } from '../onboarding/readiness.js';
import { Needs } from './access.js';
import { ApiProblems, ApiResource } from './api-docs.js';

class ReadinessStepView {
  @ApiProperty({ type: String, example: 'payment_provider' }) step: string;
  @ApiProperty({ type: Boolean }) ok: boolean;
  @ApiPropertyOptional({ type: String, description: 'What is missing.' }) missing?: string;
  @ApiPropertyOptional({ type: String, description: 'The call or action that mends it.' }) fix?: string;
}

class ReadinessView {
  @ApiProperty({ type: Boolean, description: 'True: a first customer could buy now.' }) ready: boolean;
  @ApiProperty({ type: [ReadinessStepView] }) steps: ReadinessStepView[];
}

@ApiResource('Readiness')
@Controller('v1/merchants/:merchantId/readiness')
export class ReadinessController {
  constructor(private readonly readiness: Readiness) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'What is missing before a first customer can buy',
    description: 'Asks the vendors just now, with the stored secrets.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: ReadinessView })
  async check(@Param('merchantId') merchantId: string): Promise<ReadinessView> {
    const steps = await this.readiness.check(merchantId);
    return { ready: steps.every((step) => step.ok), steps };
  }
}
