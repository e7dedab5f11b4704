import type { GraphRefusal } from './errors.js';

/** The way to WhatsApp: where messages are posted, how the sender is named, and what stands on the way. */
export interface Transport {
  /** Messages of one number are posted here. */
  messagesUrl: URL;
  headers: Readonly<Record<string, string>>;
  /** A refusal that was not given by the Graph API, or not in its words. */
  readRefusal?(status: number, body: unknown): GraphRefusal | undefined;
}

export interface CloudApiOptions {
  /** e.g. `https://graph.facebook.com`; the sandbox's is `http://localhost:3100/graph`. */
  baseUrl: string;
  /** e.g. `v25.0` */
  version: string;
  accessToken: string;
  phoneNumberId: string;
}

/** Straight to Meta: the number stands in the path, and a token opens it. */
export function cloudApi({ baseUrl, version, accessToken, phoneNumberId }: CloudApiOptions): Transport {
  return {
    messagesUrl: new URL(`${baseUrl.replace(/\/+$/, '')}/${version}/${phoneNumberId}/messages`),
    headers: { authorization: `Bearer ${accessToken}` },
  };
}
