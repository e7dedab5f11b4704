import { Injectable } from '@nestjs/common';
import { Directory, WebhookSecrets } from '#persistence';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from '#vendors';
import { AccountWebhooks } from './account-webhooks.js';
import { AppWebhooks } from './app-webhooks.js';
import { channelWebhooks } from './channel-webhooks.js';
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
    private readonly directory: Directory,
  ) {}

  all(): Source[] {
    return [
      ...CHANNELS.flatMap(({ kind, webhooks }) => (webhooks ? [this.apps.source(kind, webhooks)] : [])),
      ...CHANNELS.flatMap(({ kind, accountWebhooks: own }) =>
        own ? [this.accounts.source(channelWebhooks(kind, own, this.secrets, this.directory))] : [],
      ),
      ...PAYMENT_PROVIDERS.map((vendor) => this.accounts.source(paymentWebhooks(vendor, this.secrets))),
      ...STORES.map((vendor) => this.accounts.source(storeWebhooks(vendor, this.secrets))),
    ];
  }
}
