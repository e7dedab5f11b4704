import { Injectable } from '@nestjs/common';
import { WebhookSender } from '../world/webhooks.js';
import { MetaStore } from './meta-store.js';
import type { Waba } from './model.js';
import { metaJson, signWebhook } from './wire.js';

const SIGNER = 'meta';

/** Hands signed webhooks to the delivery, to the address that Meta would choose. */
@Injectable()
export class MetaWebhooks {
  constructor(
    private readonly sender: WebhookSender,
    private readonly store: MetaStore,
  ) {
    sender.registerSigner(SIGNER, signWebhook);
  }

  /** `lane` keeps one conversation's webhooks in order while chaos is calm. Only field `messages` obeys an override. */
  send(waba: Waba, envelope: unknown, options: { lane: string; field: string }): void {
    const app = this.store.apps.get(waba.appId);
    if (!app) return; // no app is subscribed yet: Meta, too, sends nothing then
    const override = options.field === 'messages' ? waba.overrideCallbackUrl : undefined;
    this.sender.send({
      url: override ?? app.callbackUrl,
      body: metaJson(envelope),
      signer: SIGNER,
      key: app.appSecret,
      lane: options.lane,
    });
  }
}
