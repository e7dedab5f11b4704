import {
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphErrorFilter, unsupported } from '../meta/graph-error.js';
import { DOWNLOAD_PATH, MediaService, type DownloadQuery, type Medium } from '../meta/media.service.js';
import type { Json } from '../meta/model.js';
import { Uploads } from '../meta/upload.js';
import { Dialog360ErrorFilter, notFound } from './dialog360-error.js';
import { Dialog360Numbers } from './numbers.js';

const MEDIA_ID = /^\d+$/;

/**
 * Media by 360dialog: the files are Meta's, and a key opens those of its own number alone. The address of a file is on
 * Meta's host, where no key counts: clients put 360dialog's address in the place of that host. Source:
 * docs.360dialog.com/docs/waba-messaging/media/upload-retrieve-or-delete-media
 */
@Controller('360dialog')
@UseFilters(GraphErrorFilter, Dialog360ErrorFilter)
export class Dialog360MediaController {
  constructor(
    private readonly numbers: Dialog360Numbers,
    private readonly media: MediaService,
    private readonly uploads: Uploads,
  ) {}

  @Post('media')
  @HttpCode(200)
  async upload(
    @Headers('d360-api-key') apiKey: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<Json> {
    const { number } = this.numbers.openAccount(apiKey);
    return { id: this.media.keep(number.id, await this.uploads.medium(request), 'uploaded').id };
  }

  @Get(DOWNLOAD_PATH)
  download(
    @Headers('d360-api-key') apiKey: string | undefined,
    @Query() query: DownloadQuery,
    @Res() reply: FastifyReply,
  ): void {
    const { phoneNumberId } = this.numbers.open(apiKey);
    const medium = this.media.behind([phoneNumberId], query);
    if (!medium) throw notFound('GET', `/${DOWNLOAD_PATH}`);
    void reply.type(medium.mimeType).send(medium.bytes);
  }

  @Get(':mediaId')
  node(
    @Headers('d360-api-key') apiKey: string | undefined,
    @Param('mediaId') mediaId: string,
    @Req() request: FastifyRequest,
  ): Json {
    const medium = this.open(apiKey, request.method, mediaId);
    return this.media.node(medium, `${request.protocol}://${request.host}`);
  }

  @Delete(':mediaId')
  delete(
    @Headers('d360-api-key') apiKey: string | undefined,
    @Param('mediaId') mediaId: string,
    @Req() { method }: FastifyRequest,
  ): Json {
    this.media.drop(this.open(apiKey, method, mediaId));
    return { success: true };
  }

  private open(apiKey: string | undefined, method: string, mediaId: string): Medium {
    if (!MEDIA_ID.test(mediaId)) throw notFound(method, `/${mediaId}`);
    const medium = this.media.findOf([this.numbers.open(apiKey).phoneNumberId], mediaId);
    if (!medium) throw unsupported(method, mediaId);
    return medium;
  }
}
