import { Injectable } from '@nestjs/common';
import { WebhookSecrets } from '#persistence';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from '#vendors';
import { AccountWebhooks } from './account-webhooks.js';
import { AppWebhooks } from './app-webhooks.js';
import { paymentWebhooks } from './payment-webhooks.js';
import type { Source } from './source.js';
import { storeWebhooks } from './store-webhooks.js';

/** Everybody who sends webhooks: a source for each vendor that does. */
@Injectable()
export class Sources {
  constructor(
    private readonly apps: AppWebhooks,
    private readonly accounts: AccountWebhooks,
    private readonly secrets: WebhookSecrets,
  ) {}

  all(): Source[] {
    return [
      ...CHANNELS.flatMap(({ kind, webhooks }) => (webhooks ? [this.apps.source(kind, webhooks)] : [])),
      ...PAYMENT_PROVIDERS.map((vendor) => this.accounts.source(paymentWebhooks(vendor, this.secrets))),
      ...STORES.map((vendor) => this.accounts.source(storeWebhooks(vendor, this.secrets))),
    ];
  }
}
