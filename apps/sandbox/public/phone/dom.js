const SVG = 'http://www.w3.org/2000/svg';

/** Path data on a 24 by 24 grid. */
const ICONS = {
  back: ['M15 5l-7 7 7 7'],
  more: ['M12 5.2v.01', 'M12 12v.01', 'M12 18.8v.01'],
  plus: ['M12 5v14', 'M5 12h14'],
  minus: ['M5 12h14'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  send: ['M4 12l16-8-6 16-3-7z'],
  down: ['M6 9l6 6 6-6'],
  list: ['M4 6.5v.01', 'M4 12v.01', 'M4 17.5v.01', 'M9 6.5h11', 'M9 12h11', 'M9 17.5h11'],
  link: ['M14 4h6v6', 'M20 4l-9 9', 'M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5'],
  reply: ['M9 7L4 12l5 5', 'M4 12h9a7 7 0 0 1 7 6'],
  bag: ['M5 8h14l1 12H4z', 'M8.5 10V7a3.5 3.5 0 0 1 7 0v3'],
  page: ['M7 3h7l5 5v13H7z', 'M14 3v5h5', 'M10 13h6', 'M10 17h6'],
  pin: [
    'M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21z',
    'M12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  ],
  smile: [
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
    'M8.500 14.500s1.200 2 3.500 2 3.500-2 3.500-2',
    'M9 9.500v.01',
    'M15 9.500v.01',
  ],
  check: ['M5 12.500l4.500 4.500L19 7.500'],
  person: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z', 'M4.500 20a7.500 7.500 0 0 1 15 0'],
  seal: [
    'M12 2.500l2.600 2 3.200-.2 1 3.100 2.700 1.800-1.100 3 1.100 3-2.700 1.800-1 3.100-3.200-.2-2.600 2-2.600-2-3.200.2-1-3.100L2.500 15.200l1.100-3-1.100-3 2.700-1.800 1-3.100 3.200.2z',
    'M8.500 12l2.500 2.500 4.500-5',
  ],
};

/** Makes an element. `props`: attributes, `class`, and listeners as `onclick` functions. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

function svg(viewBox, width, height, paths) {
  const element = document.createElementNS(SVG, 'svg');
  element.setAttribute('viewBox', viewBox);
  element.setAttribute('width', width);
  element.setAttribute('height', height);
  element.setAttribute('aria-hidden', 'true');
  for (const d of paths) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    element.append(path);
  }
  return element;
}

export function icon(name) {
  return svg('0 0 24 24', 22, 22, ICONS[name]);
}

/** One tick for sent, two for delivered and read; coloured when read. */
export function ticks(status) {
  const two = status === 'delivered' || status === 'read';
  const first = 'M1.500 6.500l3 3 6-7';
  const element = svg('0 0 17 12', 17, 12, two ? [first, 'M7.600 8.600l.9.900 6-7'] : ['M4 6.500l3 3 6-7']);
  if (status === 'read') element.classList.add('read');
  const names = { sent: 'Sent', delivered: 'Delivered', read: 'Read' };
  element.removeAttribute('aria-hidden');
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', names[status] ?? 'Sending');
  return element;
}

export function signals() {
  const bars = svg('0 0 18 12', 18, 12, ['M2 11v-2', 'M6.500 11V7', 'M11 11V4.500', 'M15.500 11V2']);
  const battery = svg('0 0 26 12', 26, 12, [
    'M2 1h19a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H2a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1z',
    'M4.500 4.200h11v3.600h-11z',
    'M24.500 4.800v2.400',
  ]);
  return [bars, battery];
}

export function avatar(name, target = h('span', { class: 'avatar', 'aria-hidden': 'true' })) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...word][0] ?? '').join('');
  const hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 5;
  target.className = `avatar hue-${hue}`;
  target.textContent = letters.toUpperCase();
  return target;
}
