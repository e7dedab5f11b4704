import { GraphError } from './graph-error.js';
import { checkSource } from './media-rules.js';
import type { Json } from './model.js';
import { readList, readObject, readOneOf, readText, readUrl, refuseDuplicates } from './shape.js';

/** Meta's guide allows a list body of 4096; its OpenAPI says 1024, and longer ones were refused live. */
const BODY = 1_024;
const HEADER = 60;
const FOOTER = 60;
const LIST = { button: 20, sections: 10, rows: 10, sectionTitle: 24, id: 200, title: 24, description: 72 };
const BUTTONS = { count: 3, id: 256, title: 20 };
const CTA_TEXT = 20;
const PRODUCTS = { sections: 10, items: 30, sectionTitle: 24, id: 100 };

const KINDS = ['list', 'button', 'cta_url', 'product', 'product_list', 'catalog_message'] as const;
type Kind = (typeof KINDS)[number];

/** Which headers each kind takes. */
const HEADERS: Record<Kind, readonly string[]> = {
  list: ['text'],
  button: ['text', 'image', 'video', 'document'],
  cta_url: ['text', 'image', 'video', 'document'],
  product: [],
  product_list: ['text'],
  catalog_message: [],
};

/** Checks an `interactive` object against the documented limits. `catalogId`: the one linked to the account. */
export function checkInteractive(value: unknown, catalogId?: string): Json {
  const given = readObject(value, 'interactive', {
    required: ['type', 'action'],
    optional: ['header', 'body', 'footer'],
  });
  const kind = readOneOf(given.type, 'interactive[type]', KINDS);
  checkFrame(given, kind);
  switch (kind) {
    case 'list':
      checkList(given.action);
      break;
    case 'button':
      checkButtons(given.action);
      break;
    case 'cta_url':
      checkCtaUrl(given.action);
      break;
    case 'product': {
      const keys = { required: ['catalog_id', 'product_retailer_id'] };
      const action = readObject(given.action, 'interactive[action]', keys);
      checkCatalog(action.catalog_id, catalogId);
      readText(action.product_retailer_id, 'action[product_retailer_id]', { max: PRODUCTS.id });
      break;
    }
    case 'product_list':
      checkProductList(given.action, catalogId);
      break;
    case 'catalog_message':
      checkCatalogMessage(given.action);
      break;
  }
  return given;
}

function checkFrame(given: Json, kind: Kind): void {
  if (kind === 'product_list' && given.header === undefined) {
    throw new GraphError(100, "The parameter interactive['header'] is required for product_list");
  }
  if (given.header !== undefined) checkHeader(given.header, kind);
  if (given.body === undefined && kind !== 'product') {
    throw new GraphError(100, "The parameter interactive['body'] is required");
  }
  if (given.body !== undefined) {
    const body = readObject(given.body, 'interactive[body]', { required: ['text'] });
    readText(body.text, 'interactive[body][text]', { max: BODY });
  }
  if (given.footer !== undefined) {
    const footer = readObject(given.footer, 'interactive[footer]', { required: ['text'] });
    readText(footer.text, 'interactive[footer][text]', { max: FOOTER });
  }
}

function checkHeader(value: unknown, kind: Kind): void {
  const header = readObject(value, 'interactive[header]', {
    required: ['type'],
    optional: ['text', 'image', 'video', 'document'],
  });
  const type = String(header.type);
  if (!HEADERS[kind].includes(type)) {
    throw new GraphError(131009, `A header of type ${type} does not go with interactive type ${kind}`);
  }
  const path = `interactive[header][${type}]`;
  if (type === 'text') {
    readText(header.text, path, { max: HEADER });
    return;
  }
  const optional = type === 'document' ? ['link', 'id', 'filename'] : ['link', 'id'];
  const media = readObject(header[type], path, { optional });
  checkSource(media, path);
}

function checkList(value: unknown): void {
  const action = readObject(value, 'interactive[action]', { required: ['button', 'sections'] });
  readText(action.button, 'action[button]', { max: LIST.button });
  const sections = readList(action.sections, 'action[sections]', 1, LIST.sections);
  const ids: string[] = [];
  for (const [i, entry] of sections.entries()) {
    const path = `action[sections][${i}]`;
    const section = readObject(entry, path, { required: ['rows'], optional: ['title'] });
    checkSectionTitle(section.title, path, sections.length, LIST.sectionTitle);
    for (const [j, item] of readList(section.rows, `${path}[rows]`, 1, LIST.rows).entries()) {
      const at = `${path}[rows][${j}]`;
      const row = readObject(item, at, { required: ['id', 'title'], optional: ['description'] });
      ids.push(readText(row.id, `${at}[id]`, { max: LIST.id }));
      readText(row.title, `${at}[title]`, { max: LIST.title });
      if (row.description !== undefined) {
        readText(row.description, `${at}[description]`, { max: LIST.description });
      }
    }
  }
  if (ids.length > LIST.rows) {
    throw new GraphError(131009, `Total row count exceeds the limit of ${LIST.rows}: ${ids.length}`);
  }
  refuseDuplicates(ids, 'row ids');
}

/** With more than one section every section needs its title. */
function checkSectionTitle(title: unknown, path: string, count: number, max: number): void {
  if (title !== undefined) readText(title, `${path}[title]`, { max });
  else if (count > 1) throw new GraphError(131009, `Section title is required: ${path}`);
}

function checkButtons(value: unknown): void {
  const action = readObject(value, 'interactive[action]', { required: ['buttons'] });
  const replies = readList(action.buttons, 'action[buttons]', 1, BUTTONS.count).map((entry, i) => {
    const path = `action[buttons][${i}]`;
    const button = readObject(entry, path, { required: ['type', 'reply'] });
    readOneOf(button.type, `${path}[type]`, ['reply']);
    const reply = readObject(button.reply, `${path}[reply]`, { required: ['id', 'title'] });
    return {
      id: readText(reply.id, `${path}[reply][id]`, { max: BUTTONS.id }),
      title: readText(reply.title, `${path}[reply][title]`, { max: BUTTONS.title }),
    };
  });
  const ids = replies.map((r) => r.id);
  const titles = replies.map((r) => r.title);
  refuseDuplicates(ids, 'button ids');
  refuseDuplicates(titles, 'button titles');
}

function checkCtaUrl(value: unknown): void {
  const action = readObject(value, 'interactive[action]', { required: ['name', 'parameters'] });
  readOneOf(action.name, 'action[name]', ['cta_url']);
  const parameters = readObject(action.parameters, 'action[parameters]', {
    required: ['display_text', 'url'],
  });
  readText(parameters.display_text, 'action[parameters][display_text]', { max: CTA_TEXT });
  readUrl(parameters.url, 'action[parameters][url]');
}

function checkProductList(value: unknown, catalogId?: string): void {
  const action = readObject(value, 'interactive[action]', { required: ['catalog_id', 'sections'] });
  checkCatalog(action.catalog_id, catalogId);
  const sections = readList(action.sections, 'action[sections]', 1, PRODUCTS.sections);
  let items = 0;
  for (const [i, entry] of sections.entries()) {
    const path = `action[sections][${i}]`;
    const section = readObject(entry, path, { required: ['product_items'], optional: ['title'] });
    checkSectionTitle(section.title, path, sections.length, PRODUCTS.sectionTitle);
    const products = readList(section.product_items, `${path}[product_items]`, 1, PRODUCTS.items);
    for (const product of products) {
      const item = readObject(product, `${path}[product_items]`, { required: ['product_retailer_id'] });
      readText(item.product_retailer_id, `${path}[product_retailer_id]`, { max: PRODUCTS.id });
    }
    items += products.length;
  }
  if (items > PRODUCTS.items) {
    throw new GraphError(131009, `Total product count exceeds the limit of ${PRODUCTS.items}: ${items}`);
  }
}

function checkCatalogMessage(value: unknown): void {
  const action = readObject(value, 'interactive[action]', { required: ['name'], optional: ['parameters'] });
  readOneOf(action.name, 'action[name]', ['catalog_message']);
  if (action.parameters === undefined) return;
  const parameters = readObject(action.parameters, 'action[parameters]', {
    optional: ['thumbnail_product_retailer_id'],
  });
  if (parameters.thumbnail_product_retailer_id !== undefined) {
    readText(parameters.thumbnail_product_retailer_id, 'action[parameters][thumbnail_product_retailer_id]', {
      max: PRODUCTS.id,
    });
  }
}

function checkCatalog(given: unknown, linked?: string): void {
  const id = readText(given, 'action[catalog_id]', { max: PRODUCTS.id });
  if (linked !== undefined && id !== linked) {
    throw new GraphError(131009, `Catalog ${id} is not linked to this WhatsApp business account`);
  }
}
