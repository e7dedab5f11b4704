import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, safeEqual, type Clock } from '#platform';
import { GraphError } from './graph-error.js';
import { goesAs, judgeFile, refusedFile, type NamedMedium } from './media-rules.js';
import type { Json } from './model.js';

const DAY_MS = 24 * 3_600_000;
/** How long an id is good for. Source: Meta's page on media. */
const KEPT_MS = { uploaded: 30 * DAY_MS, received: 7 * DAY_MS };
const URL_LIVES_S = 5 * 60;

const MOST_FILES = 2_000;
const MOST_BYTES = 256 * 1_048_576;

/** Meta's host for downloads, `lookaside.fbsbx.com`, is a folder here. */
export const DOWNLOAD_HOST = 'lookaside';
export const DOWNLOAD_PATH = 'whatsapp_business/attachments';

/** The query of an address of a file. */
export type DownloadQuery = Record<'mid' | 'ext' | 'hash', unknown>;

export interface Medium {
  id: string;
  phoneNumberId: string;
  mimeType: string;
  bytes: Buffer;
  expiresAt: number;
}

/** Files of businesses and customers: in memory only, and the oldest go when there are too many. */
@Injectable()
export class MediaService {
  private readonly files = new Map<string, Medium>();
  private readonly urlKey = randomBytes(32);
  private size = 0;

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** @throws GraphError for a file that WhatsApp does not take. */
  keep(
    phoneNumberId: string,
    file: { contentType?: string; bytes: Buffer },
    origin: keyof typeof KEPT_MS,
  ): Medium {
    const { mimeType, fault } = judgeFile(file.contentType, file.bytes);
    if (fault) throw refusedFile(fault);
    const medium: Medium = {
      id: String(randomInt(10 ** 14, 2 ** 48 - 1)),
      phoneNumberId,
      mimeType,
      // A copy: the part would keep the whole body that it came in.
      bytes: Buffer.from(file.bytes),
      expiresAt: this.clock.now().getTime() + KEPT_MS[origin],
    };
    this.files.set(medium.id, medium);
    this.size += medium.bytes.length;
    for (const oldest of this.files.values()) {
      if (this.files.size <= MOST_FILES && this.size <= MOST_BYTES) break;
      this.drop(oldest);
    }
    return medium;
  }

  /** Undefined for what never was, was deleted or has expired. */
  find(id: string): Medium | undefined {
    const medium = this.files.get(id);
    if (!medium || medium.expiresAt > this.clock.now().getTime()) return medium;
    this.drop(medium);
    return undefined;
  }

  /** The same, of the files of these numbers. */
  findOf(phoneNumberIds: readonly string[], id: string): Medium | undefined {
    const medium = this.find(id);
    return medium && phoneNumberIds.includes(medium.phoneNumberId) ? medium : undefined;
  }

  /** What `GET /<MEDIA_ID>` answers. Only the number's own token or key opens the address in it. */
  node(medium: Medium, origin: string): Json {
    return {
      url: this.urlOf(medium, origin),
      mime_type: medium.mimeType,
      sha256: digest(medium).toString('hex'),
      file_size: medium.bytes.length,
      id: medium.id,
      messaging_product: 'whatsapp',
    };
  }

  drop(medium: Medium): void {
    if (this.files.delete(medium.id)) this.size -= medium.bytes.length;
  }

  /** What a webhook says of a customer's file. */
  facts(medium: Medium, origin: string): Json {
    return {
      mime_type: medium.mimeType,
      sha256: digest(medium).toString('base64'),
      id: medium.id,
      url: this.urlOf(medium, origin),
    };
  }

  /** The file of these numbers behind an address that {@link node} gave less than five minutes ago. */
  behind(phoneNumberIds: readonly string[], { mid, ext, hash }: DownloadQuery): Medium | undefined {
    const [id, expires] = [String(mid), String(ext)];
    const alive = Number(expires) * 1_000 > this.clock.now().getTime();
    const given = alive && safeEqual(String(hash), this.hashOf(id, expires));
    return given ? this.findOf(phoneNumberIds, id) : undefined;
  }

  /**
   * Looks the files up that a message names. Answers whether each can be sent as what the message says it is: WhatsApp
   * accepts another one, and fails it afterwards.
   * @throws GraphError for an id that is not one of this number's files.
   */
  check(phoneNumberId: string, named: NamedMedium[]): boolean {
    return named
      .map(({ kind, id, path }) => {
        const medium = this.find(id);
        if (medium?.phoneNumberId !== phoneNumberId) {
          const what = 'is not a valid whatsapp business account media attachment ID';
          throw new GraphError(100, `Param ${path} ${what}`);
        }
        return goesAs(kind, medium.mimeType);
      })
      .every(Boolean);
  }

  private urlOf({ id }: Medium, origin: string): string {
    const expires = String(Math.floor(this.clock.now().getTime() / 1_000) + URL_LIVES_S);
    const query = new URLSearchParams({ mid: id, ext: expires, hash: this.hashOf(id, expires) });
    return `${origin}/${DOWNLOAD_HOST}/${DOWNLOAD_PATH}?${query.toString()}`;
  }

  private hashOf(id: string, expires: string): string {
    return createHmac('sha256', this.urlKey).update(`${id} ${expires}`).digest('base64url');
  }
}

function digest({ bytes }: Medium): Buffer {
  return createHash('sha256').update(bytes).digest();
}
