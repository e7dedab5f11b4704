import type { Transport } from '#adapters/whatsapp-cloud';
import { readRefusal } from './refusals.js';

export interface Dialog360Options {
  /** e.g. `https://waba-v2.360dialog.io`; the sandbox's is `http://localhost:3100/360dialog`. */
  baseUrl: string;
  /** Of one number: there is neither a version nor an id of the number in the path. */
  apiKey: string;
}

/** By way of 360dialog: the Cloud API's messages under a key of its own. */
export function dialog360(options: Dialog360Options): Transport {
  return { messagesUrl: urlOf(options, 'messages'), headers: headersOf(options), readRefusal };
}

export function urlOf({ baseUrl }: Dialog360Options, path: string): URL {
  return new URL(`${baseUrl.replace(/\/+$/, '')}/${path}`);
}

export function headersOf({ apiKey }: Dialog360Options): Record<string, string> {
  return { 'd360-api-key': apiKey };
}
