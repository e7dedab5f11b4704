import 'reflect-metadata';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { BullModule, InjectQueue } from '@nestjs/bullmq';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Injectable,
  Module,
  Post,
  Req,
  UnauthorizedException,
  type RawBodyRequest,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Queue } from 'bullmq';
import type { IncomingMessage } from 'node:http';

/**
 * A WhatsApp webhook the way tutorials and starter kits build it: Nest on Express, the signature checked on the raw
 * body, one `queue.add` for each request, 200 when Redis has the job. Nothing is stored but the job.
 */
@Injectable()
class WebhooksService {
  constructor(@InjectQueue('whatsapp') private readonly queue: Queue) {}

  async enqueue(body: object): Promise<void> {
    await this.queue.add('process-webhook', body, { removeOnComplete: true });
  }
}

@Controller('webhooks')
class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Get('health')
  health(): string {
    return 'ok';
  }

  @Post('whatsapp')
  @HttpCode(200)
  async receive(
    @Req() request: RawBodyRequest<IncomingMessage>,
    @Headers('x-hub-signature-256') signature: string | undefined,
    @Body() body: object,
  ): Promise<{ status: string }> {
    const expected = `sha256=${createHmac('sha256', process.env.APP_SECRET!).update(request.rawBody!).digest('hex')}`;
    const given = Buffer.from(signature ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
      throw new UnauthorizedException();
    }
    await this.webhooks.enqueue(body);
    return { status: 'queued' };
  }
}

const { hostname: host, port } = new URL(process.env.REDIS_URL!);

@Module({
  imports: [
    BullModule.forRoot({ connection: { host, port: Number(port) } }),
    BullModule.registerQueue({ name: 'whatsapp' }),
  ],
  controllers: [WebhooksController],
  providers: [WebhooksService],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { rawBody: true, logger: ['error'] });
await app.listen(Number(process.env.PORT));
