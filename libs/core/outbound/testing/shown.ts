import type { ChannelLimits } from '../channel-rules.js';

/** What a rendered message shows, in no channel's own terms. */
export interface Shown {
  header?: string;
  body?: string;
  footer?: string;
  image?: string;
  list?: {
    button: string;
    sections: { title: string; rows: { id: string; title: string; description?: string }[] }[];
  };
  buttons?: { id: string; title: string }[];
  link?: { label: string; url: string };
  product?: { catalogId: string; id: string };
  template?: { name: string; language: string; values: string[] };
}

/** Expects a message to be within what its channel declares, and nothing in it to be empty, broken or there twice. */
export function expectWithin(limits: ChannelLimits, shown: Shown): void {
  const { header, body, footer, image, list, buttons, link, product } = shown;
  const plain = !list && !buttons && !link && !product;
  if (header !== undefined) within(header, limits.header);
  if (body !== undefined) within(body, plain ? limits.text : limits.body);
  else expect(product).toBeDefined();
  if (footer !== undefined) within(footer, limits.footer);
  if (image !== undefined) {
    expect(limits.buttons?.image).toBe(true);
    within(image, limits.url);
  }
  if (list) expectList(limits.list, list);
  if (buttons) {
    expect(buttons.length).toBeGreaterThan(0);
    expect(buttons.length).toBeLessThanOrEqual(limits.buttons?.count ?? 0);
    for (const button of buttons) {
      within(button.title, limits.buttons?.title);
      within(button.id, limits.buttons?.id, false);
    }
    unique(buttons.map((button) => button.id));
    unique(buttons.map((button) => button.title));
  }
  if (link) {
    within(link.label, limits.link?.label);
    expect(link.url).toMatch(/^https?:\/\/\S+$/i);
    within(link.url, limits.url);
  }
  if (product) {
    within(product.catalogId, limits.product?.id, false);
    within(product.id, limits.product?.id, false);
  }
}

function expectList(limits: ChannelLimits['list'], { button, sections }: NonNullable<Shown['list']>): void {
  within(button, limits?.button);
  const rows = sections.flatMap((section) => section.rows);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThanOrEqual(limits?.rows ?? 0);
  for (const section of sections) {
    within(section.title, limits?.sectionTitle);
    expect(section.rows.length).toBeGreaterThan(0);
  }
  for (const row of rows) {
    within(row.id, limits?.id, false);
    within(row.title, limits?.title);
    if (row.description !== undefined) within(row.description, limits?.description);
  }
  unique(rows.map((row) => row.id));
}

/** An id is somebody else's, and goes out as it is. */
function within(value: string, max: number | null | undefined, isText = true): void {
  expect(value.trim()).not.toBe('');
  expect(value.length).toBeLessThanOrEqual(max ?? 0);
  if (isText) expect(value).not.toMatch(/\p{Surrogate}/u);
}

function unique(values: readonly string[]): void {
  expect(new Set(values).size).toBe(values.length);
}
