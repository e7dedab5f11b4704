import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphError } from '../meta/graph-error.js';
import { InboundService } from '../meta/inbound.service.js';
import {
  isAnimated,
  judgeFile,
  LONGEST_CAPTION,
  MEDIA_RULES,
  sizeOf,
  takesCaption,
  type FileFault,
  type MediaKind,
} from '../meta/media-rules.js';
import { MediaService, type Medium } from '../meta/media.service.js';
import type { Json } from '../meta/model.js';
import { Uploads, type Upload, type UploadedFile } from '../meta/upload.js';
import { problem } from '../world/problem.js';
import { PhoneService } from './phone.service.js';

/** Pictures, voices and other files that a customer sends or looks at. */
@Controller('phone/api')
export class PhoneMediaController {
  constructor(
    private readonly phone: PhoneService,
    private readonly inbound: InboundService,
    private readonly media: MediaService,
    private readonly uploads: Uploads,
  ) {}

  /** What can be sent, and how large it may be. */
  @Get('media')
  rules(): { longestCaption: number; kinds: typeof MEDIA_RULES } {
    return { longestCaption: LONGEST_CAPTION, kinds: MEDIA_RULES };
  }

  /** A form with `file` and perhaps `caption`; the file's type says what kind of message it is. */
  @Post('threads/:customerId/:phoneNumberId/media')
  async send(
    @Param('customerId') customerId: string,
    @Param('phoneNumberId') phoneNumberId: string,
    @Req() request: FastifyRequest,
  ): Promise<{ id: string; mediaId: string }> {
    const { customer, account } = this.phone.thread(customerId, phoneNumberId);
    const { file, kind, caption } = await this.read(request);
    const medium = this.media.keep(phoneNumberId, file, 'received');
    const facts = this.media.facts(medium, `${request.protocol}://${request.host}`);
    const content = { ...facts, ...about(kind, medium, { caption, fileName: file.fileName }) };
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

  private async read(
    request: FastifyRequest,
  ): Promise<{ file: UploadedFile; kind: MediaKind; caption?: string }> {
    const { fields, file } = await this.form(request);
    if (!file) throw problem(422, 'The form has no file.');
    const { kind, fault } = judgeFile(file.contentType, file.bytes);
    if (fault) throw problem(422, wordsOf(fault));
    const { caption } = fields;
    if (caption && !takesCaption(kind)) throw problem(422, `${NAMES[kind]} has no caption.`);
    if ((caption?.length ?? 0) > LONGEST_CAPTION) {
      throw problem(422, `A caption may have ${LONGEST_CAPTION} characters at most.`);
    }
    return { file, kind, caption };
  }

  private async form(request: FastifyRequest): Promise<Upload> {
    try {
      return await this.uploads.read(request);
    } catch (error) {
      throw error instanceof GraphError ? problem(422, error.details) : error;
    }
  }
}

const NAMES: Record<MediaKind, string> = {
  image: 'A picture',
  video: 'A video',
  audio: 'An audio file',
  document: 'A document',
  sticker: 'A sticker',
};

function wordsOf(fault: FileFault): string {
  switch (fault.fault) {
    case 'type':
      return 'WhatsApp does not take files of this type.';
    case 'empty':
      return 'The file is empty.';
    case 'size': {
      const still = fault.kind === 'sticker' ? ' One that moves may have 500 KB.' : '';
      return `${NAMES[fault.kind]} may have ${sizeOf(fault.most)} at most.${still}`;
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
