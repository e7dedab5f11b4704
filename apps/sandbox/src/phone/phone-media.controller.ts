import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphError } from '../meta/graph-error.js';
import { InboundService } from '../meta/inbound.service.js';
import { isAnimated, kindOf, type MediaKind } from '../meta/media-rules.js';
import { MediaService, type Medium } from '../meta/media.service.js';
import type { Json } from '../meta/model.js';
import { Uploads } from '../meta/upload.js';
import { problem } from '../world/problem.js';
import { PhoneService } from './phone.service.js';

const LONGEST_CAPTION = 1_024;

/** Pictures, voices and other files that a customer sends or looks at. */
@Controller('phone/api')
export class PhoneMediaController {
  constructor(
    private readonly phone: PhoneService,
    private readonly inbound: InboundService,
    private readonly media: MediaService,
    private readonly uploads: Uploads,
  ) {}

  /** A form with `file` and perhaps `caption`; the file's type says what kind of message it is. */
  @Post('threads/:customerId/:phoneNumberId/media')
  async send(
    @Param('customerId') customerId: string,
    @Param('phoneNumberId') phoneNumberId: string,
    @Req() request: FastifyRequest,
  ): Promise<{ id: string; mediaId: string }> {
    const { customer, account } = this.phone.thread(customerId, phoneNumberId);
    const { medium, caption, fileName } = await this.receive(phoneNumberId, request);
    const kind = kindOf(medium.mimeType);
    const facts = this.media.facts(medium, `${request.protocol}://${request.host}`);
    const content = { ...facts, ...about(kind, medium, { caption, fileName }) };
    const { id } = this.inbound.receive(account, customer, { type: kind, [kind]: content });
    return { id, mediaId: medium.id };
  }

  /** What the phone shows: a file of either side. */
  @Get('media/:mediaId')
  show(@Param('mediaId') mediaId: string, @Res() reply: FastifyReply): void {
    const medium = this.media.find(mediaId);
    if (!medium) throw problem(404, `No medium ${mediaId}`);
    void reply.type(medium.mimeType).send(medium.bytes);
  }

  private async receive(
    phoneNumberId: string,
    request: FastifyRequest,
  ): Promise<{ medium: Medium; caption?: string; fileName?: string }> {
    try {
      const { fields, file } = await this.uploads.read(request);
      if (!file) throw problem(422, 'the form has no file');
      const { caption } = fields;
      if ((caption?.length ?? 0) > LONGEST_CAPTION) throw problem(422, 'the caption is too long');
      return { medium: this.media.keep(phoneNumberId, file, 'received'), caption, fileName: file.fileName };
    } catch (error) {
      throw error instanceof GraphError ? problem(422, error.message) : error;
    }
  }
}

/** What a webhook has of one kind of file alone. */
function about(
  kind: MediaKind,
  { bytes }: Medium,
  { caption, fileName }: { caption?: string; fileName?: string },
): Json {
  const text = caption ? { caption } : {};
  switch (kind) {
    case 'image':
    case 'video':
      return text;
    case 'document':
      return { ...text, filename: fileName ?? 'document' };
    case 'audio':
      return { voice: false };
    case 'sticker':
      return { animated: isAnimated(bytes) };
  }
}
