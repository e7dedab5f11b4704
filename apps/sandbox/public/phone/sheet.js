import { h, icon } from './dom.js';

const host = () => document.getElementById('sheets');
let close;

/**
 * Opens a bottom sheet. `body` is an array of nodes, `foot` an optional node that stays at the bottom.
 * Escape, the scrim and the close button close it; focus goes in (to `focus`, if given), and back where it was. `closed` is
 * told.
 */
export function openSheet({ title, body, foot, focus, closed }) {
  closeSheet();
  const opener = document.activeElement;
  const others = [...host().parentElement.children].filter((child) => child !== host());
  const closer = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': 'Close', onclick: closeSheet },
    icon('close'),
  );
  const sheet = h(
    'div',
    { class: 'sheet', role: 'dialog', 'aria-modal': 'true', 'aria-label': title },
    h('header', { class: 'sheet-head' }, closer, h('h2', {}, title)),
    h('div', { class: 'sheet-body' }, body),
    foot && h('div', { class: 'sheet-foot' }, foot),
  );
  const onKey = (event) => event.key === 'Escape' && closeSheet();
  document.addEventListener('keydown', onKey);
  for (const other of others) other.inert = true;
  host().replaceChildren(
    h('button', {
      class: 'scrim',
      type: 'button',
      tabindex: '-1',
      'aria-hidden': 'true',
      onclick: closeSheet,
    }),
    sheet,
  );
  host().classList.add('open');
  close = () => {
    document.removeEventListener('keydown', onKey);
    for (const other of others) other.inert = false;
    host().classList.remove('open');
    host().replaceChildren();
    opener?.focus?.({ preventScroll: true });
    closed?.();
  };
  (focus ?? sheet.querySelector('input') ?? closer).focus({ preventScroll: true });
  return sheet;
}

export function closeSheet() {
  close?.();
  close = undefined;
}

/** Sections of rows to choose from; one tap chooses. Rows: `{id, title, description?}`. */
export function openChoices({ title, sections, choose }) {
  const row = (entry) =>
    h(
      'button',
      {
        class: 'choice',
        type: 'button',
        onclick: (event) => {
          event.currentTarget.classList.add('chosen');
          setTimeout(() => {
            closeSheet();
            choose(entry);
          }, 140);
        },
      },
      h('b', { dir: 'auto' }, entry.title),
      h('span', { class: 'radio' }),
      entry.description && h('small', { dir: 'auto' }, entry.description),
    );
  openSheet({
    title,
    body: sections
      .map((section) => [section.title && h('h3', { dir: 'auto' }, section.title), ...section.rows.map(row)])
      .flat(),
  });
}

const REACTIONS = ['👍', '❤️', '😂', '😮', '🙏'];

export function openReactions({ current, choose }) {
  const pick = (emoji) => {
    closeSheet();
    choose(emoji === current ? '' : emoji);
  };
  openSheet({
    title: 'React',
    body: [
      h(
        'div',
        { class: 'emojis' },
        REACTIONS.map((emoji) =>
          h(
            'button',
            { type: 'button', 'aria-label': `React with ${emoji}`, onclick: () => pick(emoji) },
            emoji,
          ),
        ),
      ),
    ],
  });
}
