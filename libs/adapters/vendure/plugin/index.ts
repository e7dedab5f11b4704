import {
  LanguageCode,
  PluginCommonModule,
  type RuntimeVendureConfig,
  type Type,
  VendurePlugin,
} from '@vendure/core';
import { SCHEMA, WacoResolver } from './api';
import { HeldStock } from './held-stock';
import { WacoHold, WacoHoldLine } from './hold.entity';
import { WacoHolds } from './holds';
import { WACO_OPTIONS, type WacoPluginOptions } from './options';
import { WacoOrders } from './orders';
import { WacoProducts } from './products';
import { WacoWebhooks } from './webhooks';

/**
 * What Waco needs of a Vendure shop and Vendure has not: holds of stock that end by themselves, an order that is written
 * as a whole or not at all, one feed of all changes, and signed webhooks. For Vendure 3.7 on PostgreSQL.
 */
@VendurePlugin({
  imports: [PluginCommonModule],
  compatibility: '^3.7.0',
  entities: [WacoHold, WacoHoldLine],
  providers: [
    WacoProducts,
    WacoHolds,
    WacoOrders,
    WacoWebhooks,
    { provide: WACO_OPTIONS, useFactory: () => WacoPlugin.options },
  ],
  adminApiExtensions: { schema: SCHEMA, resolvers: [WacoResolver] },
  configuration: (config) => WacoPlugin.configure(config),
})
export class WacoPlugin {
  static options: WacoPluginOptions = {};

  static init(options: WacoPluginOptions): Type<WacoPlugin> {
    this.options = options;
    return WacoPlugin;
  }

  static configure(config: RuntimeVendureConfig): RuntimeVendureConfig {
    if (config.dbConnectionOptions.type !== 'postgres') {
      throw new Error('The Waco plugin needs PostgreSQL: it relies on its locks.');
    }
    const { catalogOptions } = config;
    catalogOptions.stockLocationStrategy = new HeldStock(catalogOptions.stockLocationStrategy);
    config.customFields.Order.push(
      {
        name: 'wacoRef',
        type: 'string',
        unique: true,
        nullable: true,
        readonly: true,
        public: false,
        label: [{ languageCode: LanguageCode.en, value: 'Waco order reference' }],
      },
      { name: 'wacoRequest', type: 'string', nullable: true, internal: true },
    );
    return config;
  }
}
