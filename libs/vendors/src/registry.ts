import { dialog360Vendor } from '#adapters/dialog360';
import { restStore } from '#adapters/rest-store';
import { signedPayments } from '#adapters/signed-payments';
import { stripe } from '#adapters/stripe';
import { vendure } from '#adapters/vendure';
import { instagram, messenger, whatsApp } from '#adapters/whatsapp-cloud';
import type { ChannelVendor, PaymentVendor, StoreVendor, Vendor } from './kit.js';

/** Every vendor that merchants can connect, a line for each. Nothing else names one. */
export const CHANNELS: ChannelVendor[] = [whatsApp, dialog360Vendor, messenger, instagram];
export const PAYMENT_PROVIDERS: PaymentVendor[] = [stripe, signedPayments];
export const STORES: StoreVendor[] = [restStore, vendure];

/** @throws Error for a kind that this version does not know. */
export const channelOf = (kind: string): ChannelVendor => find(CHANNELS, kind, 'channel');
export const paymentProviderOf = (kind: string): PaymentVendor =>
  find(PAYMENT_PROVIDERS, kind, 'payment provider');
export const storeOf = (kind: string): StoreVendor => find(STORES, kind, 'store');

function find<V extends Vendor>(vendors: readonly V[], kind: string, what: string): V {
  const vendor = vendors.find((v) => v.kind === kind);
  if (!vendor) throw new Error(`this version knows no ${what} of kind ${kind}`);
  return vendor;
}

/** Those who send webhooks, as the journal and the metrics call them, and what of. */
export function webhookSources(): Map<string, 'channel' | 'store' | 'payment'> {
  return new Map([
    ...CHANNELS.filter(({ talk }) => talk).map(({ kind, port }) => [kind, port] as const),
    ...PAYMENT_PROVIDERS.map(({ kind, port }) => [kind, port] as const),
    ...STORES.map(({ source, port }) => [source, port] as const),
  ]);
}

/** The first of these routes that has just these places, filled. */
export function webhookPath(routes: readonly string[], places: Readonly<Record<string, string>>): string {
  const names = Object.keys(places).toSorted().join();
  const route = routes.find((path) => placesIn(path).toSorted().join() === names);
  if (route === undefined) throw new Error(`no webhook route is for ${names}`);
  return route.replaceAll(/:(\w+)/g, (_, name: string) => places[name]!);
}

function placesIn(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
}
