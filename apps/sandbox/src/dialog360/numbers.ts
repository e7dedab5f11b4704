import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MetaStore } from '../meta/meta-store.js';
import { MetaWebhooks, type PartnerRoute } from '../meta/meta-webhooks.js';
import type { PhoneNumber, Waba } from '../meta/model.js';
import { Documents, type Collection } from '../world/documents.js';
import { WebhookSender } from '../world/webhooks.js';
import { Dialog360Error } from './dialog360-error.js';

const SIGNER = '360dialog';

export interface Dialog360Number {
  phoneNumberId: string;
  apiKey: string;
  /** Of the partner whose platform the number belongs to; a plain customer has none, and nothing is signed for it. */
  platformSecret?: string;
  webhook?: { url: string; headers: Record<string, string> };
}

/** Numbers whose owners came through 360dialog: it is told what Meta says of them, and tells each number's address. */
@Injectable()
export class Dialog360Numbers {
  private readonly numbers: Collection<Dialog360Number>;

  constructor(
    documents: Documents,
    webhooks: MetaWebhooks,
    sender: WebhookSender,
    private readonly meta: MetaStore,
  ) {
    this.numbers = documents.collection('dialog360.numbers');
    sender.registerSigner(SIGNER, headersOf);
    webhooks.registerPartner((phoneNumberId) => this.routeOf(phoneNumberId));
  }

  get(phoneNumberId: string): Dialog360Number | undefined {
    return this.numbers.get(phoneNumberId);
  }

  put(number: Dialog360Number): void {
    this.numbers.put(number.phoneNumberId, number);
  }

  withKey(apiKey: string): Dialog360Number | undefined {
    return this.numbers.all().find((number) => number.apiKey === apiKey);
  }

  /** The number whose key it is. @throws Dialog360Error */
  open(apiKey: string | undefined): Dialog360Number {
    if (!apiKey) throw new Dialog360Error(401, 'Missing api_key');
    const number = this.withKey(apiKey);
    if (!number) throw new Dialog360Error(401, 'Invalid api_key or token expired');
    return number;
  }

  /** The same, as Meta knows it. @throws Dialog360Error */
  openAccount(apiKey: string | undefined): { waba: Waba; number: PhoneNumber } {
    const account = this.accountOf(this.open(apiKey));
    if (!account) throw new Dialog360Error(400, 'Your WhatsApp for Business API has been disabled.');
    return account;
  }

  /** The number as Meta knows it. */
  accountOf({ phoneNumberId }: Dialog360Number): { waba: Waba; number: PhoneNumber } | undefined {
    return this.meta.accountOf(phoneNumberId);
  }

  private routeOf(phoneNumberId: string): PartnerRoute | null | undefined {
    const number = this.numbers.get(phoneNumberId);
    if (!number) return undefined;
    if (!number.webhook) return null;
    const { webhook, platformSecret } = number;
    return {
      url: webhook.url,
      signer: SIGNER,
      key: JSON.stringify({ headers: webhook.headers, platformSecret }),
    };
  }
}

/** The headers that the owner asked for; for a partner the bare digest of the body besides. Never Meta's signature. */
function headersOf(body: string, key: string): Record<string, string> {
  const { headers, platformSecret } = JSON.parse(key) as {
    headers: Record<string, string>;
    platformSecret?: string;
  };
  return {
    'content-type': 'application/json',
    ...headers,
    ...(platformSecret
      ? { 'x-360dialog-signature': createHmac('sha256', platformSecret).update(body, 'utf8').digest('hex') }
      : {}),
  };
}
