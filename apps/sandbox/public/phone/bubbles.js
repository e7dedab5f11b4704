import { money, product } from './api.js';
import { h, icon, ticks } from './dom.js';
import { formatted, isEmojiOnly } from './format.js';

/**
 * Draws one message. `context` gives what it stands among: `shop`, `find(id)` for quoted messages, and `act`, the
 * callbacks `reply(kind, messageId, id)`, `choices(item)`, `catalog(title, sections)` and `react(item)`.
 */
export function drawMessage(item, context) {
  const { bubble, below } = content(item, context);
  const parts = [...bubble.children];
  const bars = parts.filter((part) => part.classList.contains('bar'));
  const body = h(
    'div',
    { class: 'body' },
    quote(item, context),
    ...parts.filter((part) => !bars.includes(part)),
  );
  body.append(roomForTime(body.lastElementChild, item), stamp(item));
  bubble.replaceChildren(body, ...bars);
  if (item.direction === 'in') bubble.append(reactButton(item, context));
  return [bubble, below || ''];
}

/**
 * The time stands in the lower right corner: after the last line when that ends in text from left to right (the
 * gap keeps the line clear of it), else on a line of its own.
 */
function roomForTime(last, item) {
  const side = item.direction === 'out' ? 'gap gap-out' : 'gap';
  if (last?.tagName !== 'P' || RIGHT_TO_LEFT.test(last.textContent)) return h('div', { class: 'gap-line' });
  last.append(h('span', { class: side }));
  return '';
}

/** The first letter that has a direction is Hebrew, Arabic or a relative. */
const RIGHT_TO_LEFT = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

function content(item, context) {
  const { message } = item;
  const type = message.type ?? 'text';
  const data = message[type] ?? {};
  switch (type) {
    case 'text':
      return { bubble: bubble(isEmojiOnly(data.body) ? 'huge' : '', formatted(data.body)) };
    case 'interactive':
      return interactive(item, data, context);
    case 'template':
      return template(item, context);
    case 'button':
      return { bubble: bubble('', formatted(data.text)) };
    case 'image':
      return { bubble: bubble('wide', picture(sourceOf(data), 'Picture'), caption(data)) };
    case 'video':
      return { bubble: bubble('wide', video(sourceOf(data)), caption(data)) };
    case 'audio':
      return { bubble: bubble('wide', audio(sourceOf(data))) };
    case 'document':
      return { bubble: bubble('', file(data), caption(data)) };
    case 'sticker':
      return { bubble: bubble('sticker', picture(sourceOf(data), 'Sticker')) };
    case 'order':
      return { bubble: order(data, context) };
    case 'location':
      return { bubble: bubble('', place(data)) };
    default:
      return { bubble: bubble('', formatted(item.text)) };
  }
}

/** Where a file is: at its link, or among the files that were uploaded. */
function sourceOf({ link, id }) {
  return link ?? `/phone/api/media/${encodeURIComponent(id)}`;
}

function bubble(className, ...children) {
  return h('div', { class: `bubble ${className}`.trim() }, ...children.flat());
}

function frame(data) {
  const media = data.header?.image && sourceOf(data.header.image);
  return [
    media && picture(media),
    data.header?.text && formatted(data.header.text, 'title'),
    data.body && formatted(data.body.text),
    data.footer && formatted(data.footer.text, 'foot'),
  ].flat();
}

function interactive(item, data, context) {
  const { act } = context;
  const { action } = data;
  switch (data.type) {
    case 'list_reply':
    case 'button_reply': {
      const { title, description } = data[data.type];
      return { bubble: bubble('', formatted(title), description && formatted(description, 'foot')) };
    }
    case 'list':
      return {
        bubble: bubble(
          'wide',
          frame(data),
          barButton('list', action.button, () => act.choices(item)),
        ),
      };
    case 'button':
      return {
        bubble: bubble('wide', frame(data)),
        below: replies(
          action.buttons.map(({ reply }) => ({ id: reply.id, text: reply.title })),
          item,
          act,
        ),
      };
    case 'cta_url':
      return {
        bubble: bubble('wide', frame(data), barLink(action.parameters.display_text, action.parameters.url)),
      };
    case 'product':
      return { bubble: productCard(data, context) };
    case 'product_list':
      return { bubble: productList(data, context) };
    case 'catalog_message':
      return {
        bubble: bubble(
          'wide',
          frame(data),
          barButton('bag', 'View catalog', () => act.catalog('Catalog')),
        ),
      };
    default:
      return { bubble: bubble('', formatted(item.text)) };
  }
}

function template(item, { act }) {
  const { rendered } = item;
  const links = rendered.buttons.filter((button) => button.url);
  const quick = rendered.buttons.filter((button) => button.type === 'QUICK_REPLY');
  return {
    bubble: bubble(
      'wide',
      rendered.header && formatted(rendered.header, 'title'),
      formatted(rendered.body),
      rendered.footer && formatted(rendered.footer, 'foot'),
      links.map((button) => barLink(button.text, button.url)),
    ),
    below:
      quick.length > 0 &&
      replies(
        quick.map((b) => ({ id: b.payload, text: b.text })),
        item,
        act,
      ),
  };
}

function replies(buttons, item, act) {
  const draw = ({ id, text }) =>
    h(
      'button',
      { class: 'reply', type: 'button', dir: 'auto', onclick: () => act.reply('button_reply', item.id, id) },
      icon('reply'),
      text,
    );
  return h('div', { class: 'replies' }, buttons.map(draw));
}

function barButton(name, text, onclick) {
  return h('button', { class: 'bar', type: 'button', dir: 'auto', onclick }, icon(name), text);
}

function barLink(text, url) {
  return h(
    'a',
    { class: 'bar', href: url, target: '_blank', rel: 'noopener noreferrer', dir: 'auto' },
    icon('link'),
    text,
  );
}

function caption(data) {
  return data.caption && formatted(data.caption);
}

/** Files that the sandbox has forgotten, and links that lead nowhere, say so. */
function picture(link, alt = '') {
  const image = h('img', { class: 'picture', src: link, alt });
  image.addEventListener('error', () => image.replaceWith(gone(alt || 'Picture')), { once: true });
  return image;
}

function video(link) {
  const player = h('video', {
    class: 'picture',
    src: link,
    controls: true,
    preload: 'metadata',
    'aria-label': 'Video',
  });
  player.addEventListener('error', () => player.replaceWith(gone('Video')), { once: true });
  return player;
}

function audio(link) {
  const player = h('audio', {
    class: 'voice',
    src: link,
    controls: true,
    preload: 'metadata',
    'aria-label': 'Audio',
  });
  player.addEventListener('error', () => player.replaceWith(gone('Audio')), { once: true });
  return player;
}

function gone(what) {
  return h('p', { class: 'gone' }, `${what} that cannot be shown`);
}

function file(data) {
  const name = data.filename ?? 'document';
  return h(
    'a',
    { class: 'file', href: sourceOf(data), download: name, target: '_blank', rel: 'noopener noreferrer' },
    h('span', { class: 'pin' }, icon('page')),
    h('b', { dir: 'auto' }, name),
  );
}

/** Picture, title and price are the shop's, looked up when the card is drawn, as the real app does. */
function productCard(data, { shop, act }) {
  const sku = data.action.product_retailer_id;
  const name = h('p', { class: 'name', dir: 'auto' }, sku);
  const price = h('span', { class: 'money' });
  const card = bubble(
    'wide product',
    name,
    h('p', {}, price),
    frame(data),
    barButton('bag', 'View', () => act.catalog('Product', [{ skus: [sku] }])),
  );
  void product(shop, sku).then((found) => {
    if (!found) return;
    name.textContent = found.title;
    price.textContent = money(found.price);
    if (found.imageUrl) name.before(picture(found.imageUrl));
  });
  return card;
}

function productList(data, { shop, act }) {
  const sections = data.action.sections.map((section) => ({
    title: section.title,
    skus: section.product_items.map((entry) => entry.product_retailer_id),
  }));
  const skus = sections.flatMap((section) => section.skus);
  const thumb = h('span', { class: 'thumb' }, icon('bag'));
  const head = h(
    'div',
    { class: 'cart' },
    thumb,
    h(
      'span',
      {},
      h('b', { dir: 'auto' }, data.header.text),
      h('small', {}, `${skus.length} ${skus.length === 1 ? 'item' : 'items'}`),
    ),
  );
  void product(shop, skus[0]).then((found) => {
    if (found?.imageUrl) thumb.replaceWith(h('img', { class: 'thumb', src: found.imageUrl, alt: '' }));
  });
  return bubble(
    'wide',
    head,
    formatted(data.body.text),
    data.footer && formatted(data.footer.text, 'foot'),
    barButton('list', 'View items', () => act.catalog(data.header.text, sections)),
  );
}

function order(data, { shop }) {
  const items = data.product_items;
  const count = items.reduce((sum, item) => sum + item.quantity, 0);
  const currency = items[0].currency;
  const sum = items.reduce((total, item) => total + item.item_price * item.quantity, 0);
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits;
  const thumb = h('span', { class: 'thumb' }, icon('bag'));
  const names = h(
    'small',
    { dir: 'auto' },
    items.map((item) => `${item.quantity} × ${item.product_retailer_id}`).join(', '),
  );
  void Promise.all(items.map((item) => product(shop, item.product_retailer_id))).then((found) => {
    names.textContent = items
      .map((item, i) => `${item.quantity} × ${found[i]?.title ?? item.product_retailer_id}`)
      .join(', ');
    if (found[0]?.imageUrl) thumb.replaceWith(h('img', { class: 'thumb', src: found[0].imageUrl, alt: '' }));
  });
  const total = sum > 0 ? ` · ${money({ minor: Math.round(sum * 10 ** digits), currency })}` : '';
  return bubble(
    '',
    h(
      'div',
      { class: 'cart' },
      thumb,
      h('span', {}, h('b', {}, `${count} ${count === 1 ? 'item' : 'items'}${total}`), names),
    ),
    data.text && formatted(data.text),
  );
}

function place(data) {
  return h(
    'div',
    { class: 'place' },
    h('span', { class: 'pin' }, icon('pin')),
    h(
      'span',
      {},
      h('b', { dir: 'auto' }, data.name ?? 'Shared place'),
      h('small', {}, `${data.latitude.toFixed(4)}, ${data.longitude.toFixed(4)}`),
    ),
  );
}

function quote(item, { find, businessName }) {
  const id = item.message.context?.id ?? item.message.context?.message_id;
  const target = id && find(id);
  if (!target) return undefined;
  const lines = target.text.split('\n').filter((line) => !line.startsWith('[') && !line.startsWith('•'));
  return h(
    'span',
    { class: 'quote' },
    h('b', { dir: 'auto' }, target.direction === 'in' ? businessName : 'You'),
    h('span', { dir: 'auto' }, plain(lines.join(' '))),
  );
}

/** Without the marks of bold, italic and strike. */
export function plain(text) {
  return text.replace(/(^|\s)[*_~]+(?=\S)|(?<=\S)[*_~]+(?=\s|$|[.,!?:])/g, '$1');
}

function stamp(item) {
  const time = new Date(item.at).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return h(
    'span',
    { class: 'meta' },
    h('time', { datetime: item.at }, time),
    item.direction === 'out' && ticks(item.status),
  );
}

function reactButton(item, { act }) {
  return h(
    'button',
    { class: 'react', type: 'button', 'aria-label': 'React', onclick: () => act.react(item) },
    icon('smile'),
  );
}
