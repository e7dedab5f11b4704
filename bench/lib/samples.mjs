import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../deploy/local/settings.mjs';

const ADAPTERS = join(ROOT, 'libs', 'adapters');

/** What the adapters' samples say WhatsApp sends, as if to this merchant and now. */
export function whatsappSamples({ wabaId, phoneNumberId, displayPhoneNumber }) {
  const now = String(Math.floor(Date.now() / 1_000));
  return samplesIn('whatsapp-cloud', '').map(({ name, value }) => {
    const entry = value.entry.map((one) => ({ ...one, id: wabaId }));
    const text = JSON.stringify({ ...value, entry })
      .replace(/"phone_number_id":"\d+"/g, `"phone_number_id":"${phoneNumberId}"`)
      .replace(/"display_phone_number":"[^"]*"/g, `"display_phone_number":"${displayPhoneNumber}"`)
      .replace(/"timestamp":"?\d+"?/g, `"timestamp":"${now}"`);
    return { name, value: JSON.parse(text) };
  });
}

/** Samples that speak of the order that there is. */
export function about({ orderRef }, samples) {
  const named = /"(orderRef|client_reference_id|order_ref)":"[^"]*"/g;
  return samples.map(({ name, value }) => ({
    name,
    value: JSON.parse(JSON.stringify(value).replace(named, `"$1":"${orderRef}"`)),
  }));
}

/** The bodies of an adapter's samples whose names begin so. */
export function samplesIn(adapter, prefix) {
  const folder = join(ADAPTERS, adapter, 'samples');
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => ({
      name: file.replace('.json', ''),
      value: bodyOf(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
    }));
}

const bodyOf = ({ body, rawBody }) => body ?? JSON.parse(rawBody);

/** A value that fits a schema, or nearly. */
export function sampleOf(schema, components) {
  const of = schema.$ref ? components.schemas[schema.$ref.split('/').at(-1)] : schema;
  if (of.example !== undefined) return of.example;
  if (of.enum) return of.enum[0];
  if (of.allOf || of.oneOf || of.anyOf) return sampleOf((of.allOf ?? of.oneOf ?? of.anyOf)[0], components);
  const type = Array.isArray(of.type) ? of.type[0] : of.type;
  if (type === 'array') return [sampleOf(of.items ?? {}, components)];
  if (type === 'object' || of.properties) {
    const entries = Object.entries(of.properties ?? {});
    return Object.fromEntries(entries.map(([name, inner]) => [name, sampleOf(inner, components)]));
  }
  return { integer: 1, number: 1, boolean: true }[type] ?? 'x';
}
