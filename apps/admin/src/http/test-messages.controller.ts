import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation } from '@nestjs/swagger';
import { TestMessages } from '../onboarding/test-messages.js';
import { Needs } from './access.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from './api-docs.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { SendTestMessage, TestMessageView } from './tests.dto.js';

@ApiResource('Readiness')
@Controller('v1/merchants/:merchantId/test-message')
export class TestMessagesController {
  constructor(
    private readonly messages: TestMessages,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Needs('merchants:write')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send a real message to a phone at hand',
    description: 'It goes the way of every message, within seconds; the readiness says how it went.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiAcceptedResponse({ type: TestMessageView })
  send(
    @Param('merchantId') merchantId: string,
    @Body() body: SendTestMessage,
    @Repeatable() request: RepeatableRequest,
  ): Promise<TestMessageView> {
    return this.idempotency.once(request, merchantId, (tx) => this.messages.send(tx, merchantId, body));
  }
}
