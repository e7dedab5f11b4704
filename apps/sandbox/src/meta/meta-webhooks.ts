import { Injectable } from '@nestjs/common';
import { WebhookSender, type Webhook } from '../world/webhooks.js';
import { MetaStore } from './meta-store.js';
import type { Waba } from './model.js';
import { metaJson, signWebhook } from './wire.js';

const SIGNER = 'meta';

/** Where a partner of Meta's has the webhooks of one number brought, and how it signs them. */
export type PartnerRoute = Pick<Webhook, 'url' | 'signer' | 'key'>;

/** Undefined for a number that is not the partner's. Null: it is, and nobody listens yet. */
export type Partner = (phoneNumberId: string) => PartnerRoute | null | undefined;

interface Options {
  /** Keeps one conversation's webhooks in order while chaos is calm. */
  lane: string;
  field: string;
  /** Whom it concerns, when that is one number. */
  phoneNumberId?: string;
}

/** Hands signed webhooks to the delivery, to the address that Meta would choose. */
@Injectable()
export class MetaWebhooks {
  private readonly partners: Partner[] = [];

  constructor(
    private readonly sender: WebhookSender,
    private readonly store: MetaStore,
  ) {
    sender.registerSigner(SIGNER, signWebhook);
  }

  /** Call it in a constructor: from then on the partner's numbers are told through it. */
  registerPartner(partner: Partner): void {
    this.partners.push(partner);
  }

  /**
   * Only field `messages` obeys an override. What concerns a whole account is not told where its numbers are a partner's:
   * the app that hears of it is the partner's, which passes on what concerns one number alone.
   */
  send(waba: Waba, envelope: unknown, options: Options): void {
    const { lane, phoneNumberId } = options;
    if (phoneNumberId === undefined && waba.phoneNumbers.some(({ id }) => this.partnerOf(id) !== undefined)) {
      return;
    }
    const partner = phoneNumberId === undefined ? undefined : this.partnerOf(phoneNumberId);
    if (partner !== undefined) {
      if (partner) this.sender.send({ ...partner, body: metaJson(envelope), lane });
      return;
    }
    if (waba.subscribed === false) return; // Meta sends nothing of an account to an app that is not subscribed
    const app = this.store.apps.get(waba.appId);
    if (!app) return;
    const override = options.field === 'messages' ? waba.overrideCallbackUrl : undefined;
    this.sender.send({
      url: override ?? app.callbackUrl,
      body: metaJson(envelope),
      signer: SIGNER,
      key: app.appSecret,
      lane,
    });
  }

  private partnerOf(phoneNumberId: string): ReturnType<Partner> {
    for (const partner of this.partners) {
      const route = partner(phoneNumberId);
      if (route !== undefined) return route;
    }
    return undefined;
  }
}
