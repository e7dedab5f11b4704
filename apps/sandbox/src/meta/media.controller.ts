import { Controller, Delete, Get, HttpCode, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearer, Call, GraphAccess, type GraphCall } from './graph-access.js';
import { GraphErrorFilter } from './graph-error.js';
import { GraphMedia } from './graph-media.js';
import { DOWNLOAD_HOST, DOWNLOAD_PATH, MediaService, type DownloadQuery } from './media.service.js';
import type { Json } from './model.js';
import { Uploads } from './upload.js';

/** Media of the Graph API: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media */
@Controller('graph/:version/:id')
@UseFilters(GraphErrorFilter)
export class MediaController {
  constructor(
    private readonly access: GraphAccess,
    private readonly mine: GraphMedia,
    private readonly media: MediaService,
    private readonly uploads: Uploads,
  ) {}

  @Post('media')
  @HttpCode(200)
  async upload(@Call() call: GraphCall, @Req() request: FastifyRequest): Promise<Json> {
    const { number } = this.access.openNumber(call);
    return { id: this.media.keep(number.id, await this.uploads.medium(request), 'uploaded').id };
  }

  @Delete()
  delete(@Call() call: GraphCall, @Query('phone_number_id') phoneNumberId?: string): Json {
    this.media.drop(this.mine.open(call, phoneNumberId));
    return { success: true };
  }
}

/** Where media are downloaded from, which is not the Graph API: its refusals have no body. */
@Controller(`${DOWNLOAD_HOST}/${DOWNLOAD_PATH}`)
export class MediaDownloadController {
  constructor(
    private readonly access: GraphAccess,
    private readonly media: MediaService,
  ) {}

  @Get()
  download(@Query() query: DownloadQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const numbers = this.numbersOf(bearer(request.headers.authorization));
    const medium = numbers && this.media.behind(numbers, query);
    if (medium) void reply.type(medium.mimeType).send(medium.bytes);
    else void reply.status(numbers ? 404 : 401).send();
  }

  private numbersOf(token: string | undefined): string[] | undefined {
    const accounts = this.access.find(token);
    return accounts.length === 0 ? undefined : accounts.flatMap((a) => a.phoneNumbers.map(({ id }) => id));
  }
}
