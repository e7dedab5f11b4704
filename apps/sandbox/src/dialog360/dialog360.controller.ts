import { Body, Controller, Get, Headers, HttpCode, Post, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { GraphErrorFilter } from '../meta/graph-error.js';
import { SendRoute } from '../meta/send-route.js';
import { Dialog360Error, Dialog360ErrorFilter } from './dialog360-error.js';
import { Dialog360Numbers, type Dialog360Number } from './numbers.js';

/** 360dialog's messaging API, as at `https://waba-v2.360dialog.io`. What Meta refuses is passed on as Meta says it. */
@Controller('360dialog')
@UseFilters(GraphErrorFilter, Dialog360ErrorFilter)
export class Dialog360Controller {
  constructor(
    private readonly numbers: Dialog360Numbers,
    private readonly sends: SendRoute,
  ) {}

  @Post('messages')
  async send(
    @Headers('d360-api-key') apiKey: string | undefined,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.sends.answer(this.numbers.openAccount(apiKey), body, reply);
  }

  @Get('v1/configs/webhook')
  webhook(@Headers('d360-api-key') apiKey: string | undefined): object {
    return this.numbers.open(apiKey).webhook ?? { url: '', headers: {} };
  }

  @Post('v1/configs/webhook')
  @HttpCode(200)
  setWebhook(@Headers('d360-api-key') apiKey: string | undefined, @Body() body: unknown): object {
    const number = this.numbers.open(apiKey);
    const webhook = readWebhook(body);
    this.numbers.put({ ...number, webhook });
    return webhook;
  }
}

function readWebhook(body: unknown): NonNullable<Dialog360Number['webhook']> {
  const { url, headers = {} } = (typeof body === 'object' && body !== null ? body : {}) as {
    url?: unknown;
    headers?: Record<string, unknown>;
  };
  if (typeof url !== 'string' || !/^https?:\/\//.test(url)) {
    throw new Dialog360Error(400, 'The webhook needs a URL');
  }
  if (typeof headers !== 'object' || Object.values(headers).some((value) => typeof value !== 'string')) {
    throw new Dialog360Error(400, 'The headers of a webhook are texts');
  }
  return { url, headers: headers as Record<string, string> };
}
