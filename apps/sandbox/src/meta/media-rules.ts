import { GraphError, graphRefusal } from './graph-error.js';
import type { Json } from './model.js';
import { readObject, readText, readUrl } from './shape.js';

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

const KILOBYTE = 1_024;
const MEGABYTE = 1_024 * KILOBYTE;
export const LONGEST_CAPTION = 1_024;
const FILE_NAME = 240;

/**
 * Types and sizes, from Meta's table of supported media types. Documents take all of these types. Source:
 * developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
 */
const TYPES: Record<Exclude<MediaKind, 'document'>, readonly string[]> = {
  image: ['image/jpeg', 'image/png'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/mp4', 'audio/mpeg', 'audio/amr', 'audio/ogg', 'audio/opus'],
  sticker: ['image/webp'],
};
const DOCUMENT_TYPES = [
  'text/plain',
  'application/pdf',
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
];
const ALL_TYPES = [...Object.values(TYPES).flat(), ...DOCUMENT_TYPES];

const MOST_BYTES: Record<MediaKind, number> = {
  image: 5 * MEGABYTE,
  video: 16 * MEGABYTE,
  audio: 16 * MEGABYTE,
  document: 100 * MEGABYTE,
  sticker: 100 * KILOBYTE,
};
const ANIMATED_STICKER = 500 * KILOBYTE;

/** The largest file of any kind. */
export const LARGEST_FILE = MOST_BYTES.document;

/** What a file of this type is when it is sent as nothing else. */
function kindOf(mimeType: string): MediaKind {
  return MEDIA_KINDS.find((kind) => kind !== 'document' && TYPES[kind].includes(mimeType)) ?? 'document';
}

/** Whether a file of this type can be sent as a message of this kind. */
export function goesAs(kind: MediaKind, mimeType: string): boolean {
  return kind === 'document' || TYPES[kind].includes(mimeType);
}

/** Why WhatsApp does not take a file. */
export type FileFault =
  { fault: 'type'; mimeType: string } | { fault: 'empty' } | { fault: 'size'; kind: MediaKind; most: number };

/** Looks at a file as WhatsApp does. The type comes without its parameters. */
export function judgeFile(
  contentType: string | undefined,
  bytes: Buffer,
): { mimeType: string; kind: MediaKind; fault?: FileFault } {
  const mimeType = (contentType || 'application/octet-stream').split(';')[0]!.trim().toLowerCase();
  const kind = kindOf(mimeType);
  const most = kind === 'sticker' && isAnimated(bytes) ? ANIMATED_STICKER : MOST_BYTES[kind];
  const judged = { mimeType, kind };
  if (!ALL_TYPES.includes(mimeType)) return { ...judged, fault: { fault: 'type', mimeType } };
  if (bytes.length === 0) return { ...judged, fault: { fault: 'empty' } };
  return bytes.length > most ? { ...judged, fault: { fault: 'size', kind, most } } : judged;
}

/** A fault as the Graph API says it. */
export function refusedFile(fault: FileFault): GraphError {
  switch (fault.fault) {
    case 'type':
      return graphRefusal(
        `Param file must be a file with one of the following types: ${ALL_TYPES.join(', ')}. ` +
          `Received file of type '${fault.mimeType.slice(0, 100)}'.`,
      );
    case 'empty':
      return graphRefusal('Param file must not be empty.');
    case 'size':
      return tooLarge(fault.most);
  }
}

export function tooLarge(most: number): GraphError {
  return graphRefusal(`Media file size too big. Max file size we currently support: ${sizeOf(most, '')}.`);
}

/** `5 MB`, with what stands between number and unit. */
export function sizeOf(bytes: number, between = ' '): string {
  return bytes < MEGABYTE ? `${bytes / KILOBYTE}${between}KB` : `${bytes / MEGABYTE}${between}MB`;
}

/** The flag of the extended WebP header. Source: developers.google.com/speed/webp/docs/riff_container */
export function isAnimated(bytes: Buffer): boolean {
  return bytes.toString('latin1', 12, 16) === 'VP8X' && ((bytes[20] ?? 0) & 0x02) !== 0;
}

const OPTIONAL: Record<MediaKind, string[]> = {
  image: ['caption'],
  video: ['caption'],
  audio: ['voice'],
  document: ['caption', 'filename'],
  sticker: [],
};

export function takesCaption(kind: MediaKind): boolean {
  return OPTIONAL[kind].includes('caption');
}

/** What can be sent, for people who choose. */
export const MEDIA_RULES = MEDIA_KINDS.map((kind) => ({
  kind,
  types: kind === 'document' ? DOCUMENT_TYPES : TYPES[kind],
  mostBytes: kind === 'sticker' ? ANIMATED_STICKER : MOST_BYTES[kind],
  /** Of a sticker that does not move. */
  stillBytes: kind === 'sticker' ? MOST_BYTES.sticker : undefined,
  caption: takesCaption(kind),
}));

/** The object of a media message: a link or an id, and what goes with its kind. */
export function readMedia(kind: MediaKind, value: unknown): Json {
  const media = readObject(value, kind, { optional: ['link', 'id', ...OPTIONAL[kind]] });
  checkSource(media, kind);
  if (media.caption !== undefined)
    readText(media.caption, `${kind}[caption]`, { max: LONGEST_CAPTION, code: 100 });
  if (media.filename !== undefined) {
    readText(media.filename, `${kind}[filename]`, { max: FILE_NAME, code: 100 });
  }
  if (media.voice !== undefined && typeof media.voice !== 'boolean') {
    throw new GraphError(100, `Parameter '${kind}[voice]' must be a boolean`);
  }
  return media;
}

/** Exactly one of `link` and `id`. */
export function checkSource(media: Json, path: string): void {
  if ((media.link === undefined) === (media.id === undefined)) {
    throw new GraphError(100, `Give either link or id in ${path}`);
  }
  if (media.link !== undefined) readUrl(media.link, `${path}[link]`);
  else readText(media.id, `${path}[id]`, { max: 512, code: 100 });
}

/** An uploaded file that a message names, and as what. */
export interface NamedMedium {
  kind: MediaKind;
  id: string;
  /** As Meta's error says it. */
  path: string;
}

/** The files that a message which passed its checks names by id. */
export function mediaNamedIn(type: string, content: Json): NamedMedium[] {
  if (isKind(type)) return named(type, content, `${type}['id']`);
  if (type === 'interactive') return headerMedia(content.header, "interactive['header']");
  if (type !== 'template') return [];
  const components = Array.isArray(content.components) ? (content.components as unknown[]) : [];
  return components.flatMap((component) => {
    const parameters = (component as Json | null)?.parameters;
    return Array.isArray(parameters)
      ? parameters.flatMap((parameter) => headerMedia(parameter, "template['components']"))
      : [];
  });
}

function headerMedia(header: unknown, path: string): NamedMedium[] {
  const given = (header ?? {}) as Json;
  const type = String(given.type);
  return isKind(type) ? named(type, given[type], `${path}['${type}']['id']`) : [];
}

function named(kind: MediaKind, media: unknown, path: string): NamedMedium[] {
  const id = (media as Json | null | undefined)?.id;
  return typeof id === 'string' ? [{ kind, id, path }] : [];
}

function isKind(type: string): type is MediaKind {
  return (MEDIA_KINDS as readonly string[]).includes(type);
}
