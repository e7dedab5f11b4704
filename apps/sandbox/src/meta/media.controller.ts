import { Controller, Delete, Get, HttpCode, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearer, Call, GraphAccess, type GraphCall } from './graph-access.js';
import { GraphErrorFilter, graphRefusal } from './graph-error.js';
import { DOWNLOAD_PATH, MediaService } from './media.service.js';
import type { Json } from './model.js';
import { Uploads } from './upload.js';

/** Media of the Graph API: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media */
@Controller('graph/:version/:id')
@UseFilters(GraphErrorFilter)
export class MediaController {
  constructor(
    private readonly access: GraphAccess,
    private readonly media: MediaService,
    private readonly uploads: Uploads,
  ) {}

  @Post('media')
  @HttpCode(200)
  async upload(@Call() call: GraphCall, @Req() request: FastifyRequest): Promise<Json> {
    const { number } = this.access.openNumber(call);
    const { fields, file } = await this.uploads.read(request);
    if (fields.messaging_product === undefined) {
      throw graphRefusal('The parameter messaging_product is required.');
    }
    if (fields.messaging_product.toLowerCase() !== 'whatsapp') {
      throw graphRefusal('Param messaging_product must be one of {WHATSAPP}.');
    }
    if (!file) throw graphRefusal('The parameter file is required.');
    return { id: this.media.keep(number.id, file, 'uploaded').id };
  }

  @Delete()
  delete(@Call() call: GraphCall, @Query('phone_number_id') phoneNumberId?: string): Json {
    this.media.delete(call, phoneNumberId);
    return { success: true };
  }
}

/** Where media are downloaded from, which is not the Graph API: its refusals have no body. */
@Controller(DOWNLOAD_PATH)
export class MediaDownloadController {
  constructor(
    private readonly access: GraphAccess,
    private readonly media: MediaService,
  ) {}

  @Get()
  download(
    @Query() { mid, ext, hash }: Record<'mid' | 'ext' | 'hash', unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const numbers = this.numbersOf(bearer(request.headers.authorization));
    const medium = this.media.behind(String(mid), String(ext), String(hash));
    if (numbers === undefined) void reply.status(401).send();
    else if (!medium || !numbers.includes(medium.phoneNumberId)) void reply.status(404).send();
    else void reply.type(medium.mimeType).send(medium.bytes);
  }

  private numbersOf(token: string | undefined): string[] | undefined {
    const accounts = this.access.find(token);
    return accounts.length === 0 ? undefined : accounts.flatMap((a) => a.phoneNumbers.map(({ id }) => id));
  }
}
