import { api } from './api.js';
import { h, icon } from './dom.js';
import { closeSheet, openSheet } from './sheet.js';

const NAMES = {
  image: ['A picture', 'Pictures'],
  video: ['A video', 'Videos'],
  audio: ['An audio file', 'Audio'],
  document: ['A document', 'Documents'],
  sticker: ['A sticker', 'Stickers'],
};

const TYPES = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
  'video/mp4': 'MP4',
  'video/3gpp': '3GPP',
  'audio/aac': 'AAC',
  'audio/mp4': 'M4A',
  'audio/mpeg': 'MP3',
  'audio/amr': 'AMR',
  'audio/ogg': 'OGG',
  'audio/opus': 'Opus',
  'text/plain': 'text',
  'application/pdf': 'PDF',
  'application/msword': 'Word',
  'application/vnd.ms-excel': 'Excel',
  'application/vnd.ms-powerpoint': 'PowerPoint',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PowerPoint',
};

/** Endings for which browsers know no type, or another one than WhatsApp. */
const TYPE_OF_ENDING = {
  amr: 'audio/amr',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  '3gp': 'video/3gpp',
};

/**
 * Shows a file before it is sent, with room for a caption, or says why WhatsApp does not take it. `rules` are what the
 * sandbox says of files, `send` gets the form, `again` lets another file be chosen.
 */
export function openAttachment({ file: given, rules, send, again }) {
  const file = typed(given, rules);
  const rule = ruleOf(file, rules);
  const fault = faultOf(file, rule);
  if (fault) openRefusal({ fault, rules, again });
  else openPreview({ file, rule, longest: rules.longestCaption, send });
}

/** What a file picker offers. */
export function accepted({ kinds }) {
  return [
    ...kinds.flatMap(({ types }) => types),
    ...Object.keys(TYPE_OF_ENDING).map((end) => `.${end}`),
  ].join();
}

export function openRefusal({ fault, rules, again }) {
  const line = ({ kind, types, mostBytes, stillBytes }) => {
    const words = [...new Set(types.map((type) => TYPES[type] ?? type))].join(', ');
    const most = stillBytes ? `${size(stillBytes)}, or ${size(mostBytes)} if they move` : size(mostBytes);
    return h('li', {}, h('b', {}, NAMES[kind][1]), ` up to ${most}: ${words}`);
  };
  const button = h(
    'button',
    {
      class: 'primary',
      type: 'button',
      onclick: () => {
        closeSheet();
        again();
      },
    },
    'Choose another file',
  );
  openSheet({
    title: 'This file cannot be sent',
    body: [
      h('p', { class: 'refusal', role: 'alert' }, fault),
      h('p', { class: 'hint' }, 'WhatsApp takes'),
      h('ul', { class: 'takes' }, rules.kinds.map(line)),
    ],
    foot: button,
    focus: button,
  });
}

function openPreview({ file, rule, longest, send }) {
  const [name] = NAMES[rule.kind];
  const url = URL.createObjectURL(file);
  const caption =
    rule.caption &&
    h('input', { type: 'text', name: 'caption', maxlength: longest, autocomplete: 'off', dir: 'auto' });
  const problem = h('p', { class: 'refusal', role: 'alert' });
  const button = h('button', { class: 'primary', type: 'submit', form: 'attachment' }, 'Send');
  const submit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const form = new FormData();
    if (caption && caption.value.trim()) form.set('caption', caption.value.trim());
    form.set('file', file, file.name);
    button.disabled = true;
    button.textContent = 'Sending…';
    problem.textContent = '';
    try {
      await send(form);
      closeSheet();
    } catch (reason) {
      problem.textContent = reason.message;
      button.disabled = false;
      button.textContent = 'Send';
      button.focus();
    }
  };
  openSheet({
    title: `Send ${name.toLowerCase()}`,
    body: [
      h('div', { class: `preview-file ${rule.kind}` }, preview(rule.kind, url)),
      h('p', { class: 'file-facts' }, h('b', { dir: 'auto' }, file.name), h('span', {}, size(file.size))),
      h(
        'form',
        { class: 'form', id: 'attachment', onsubmit: submit },
        caption && h('label', { class: 'field' }, 'Caption, if you like', caption),
      ),
      problem,
    ],
    foot: button,
    closed: () => URL.revokeObjectURL(url),
    focus: caption || button,
  });
}

function preview(kind, url) {
  switch (kind) {
    case 'image':
    case 'sticker':
      return h('img', { src: url, alt: 'The file that you are about to send' });
    case 'video':
      return h('video', { src: url, controls: true, 'aria-label': 'The video that you are about to send' });
    case 'audio':
      return h('audio', {
        src: url,
        controls: true,
        'aria-label': 'The recording that you are about to send',
      });
    default:
      return h('span', { class: 'page' }, icon('page'));
  }
}

function typed(file, { kinds }) {
  if (kinds.some(({ types }) => types.includes(plainType(file.type)))) return file;
  const type = TYPE_OF_ENDING[file.name.split('.').at(-1).toLowerCase()];
  return type ? new File([file], file.name, { type }) : file;
}

function ruleOf({ type }, { kinds }) {
  return kinds.find(({ types }) => types.includes(plainType(type)));
}

/** What can be told without sending it; the sandbox looks closer. */
function faultOf(file, rule) {
  if (!rule) return 'WhatsApp does not take files of this type.';
  if (file.size === 0) return 'The file is empty.';
  if (file.size <= rule.mostBytes) return undefined;
  return `${NAMES[rule.kind][0]} may have ${size(rule.mostBytes)} at most. This one has ${size(file.size)}.`;
}

function plainType(type) {
  return type.split(';')[0].trim().toLowerCase();
}

/** `1.4 MB`: rounded up, so that what is too large never looks as if it fitted. */
function size(bytes) {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  const [unit, name] = bytes < 1_048_576 ? [1_024, 'KB'] : [1_048_576, 'MB'];
  return `${Math.ceil((bytes / unit) * 10) / 10} ${name}`;
}

/** Lets files be dropped on `target`; while one hovers, `target` has the class `dropping`. */
export function takeDrops(target, taken) {
  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const set = (to) => {
    depth = Math.max(to, 0);
    target.classList.toggle('dropping', depth > 0);
  };
  target.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    set(depth + 1);
  });
  target.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  target.addEventListener('dragleave', (event) => {
    if (hasFiles(event)) set(depth - 1);
  });
  target.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    set(0);
    taken([...event.dataTransfer.files]);
  });
}

/** The rules are asked for once; a failure is asked again. */
let known;
export function mediaRules() {
  known ??= api.mediaRules().catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}
