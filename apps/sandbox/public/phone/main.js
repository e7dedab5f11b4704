import { api } from './api.js';
import { accepted, mediaRules, openAttachment, openRefusal, takeDrops } from './attach.js';
import { plain } from './bubbles.js';
import { openCatalog } from './catalog.js';
import { avatar, h, icon, signals } from './dom.js';
import { openNewPerson, openPeople } from './people.js';
import { openChoices, openReactions, openSheet, closeSheet } from './sheet.js';
import { dayName, ThreadView } from './thread.js';

const SUGGESTIONS = ['hi', 'black hoodie under 100', 'where is my order?'];
const REMEMBERED = 'hatif.person';
const $ = (id) => document.getElementById(id);

const state = {
  businesses: [],
  person: undefined,
  business: undefined,
  offsetMs: 0,
  source: undefined,
  typingTimer: undefined,
  scrollTimer: undefined,
};
const now = () => new Date(Date.now() + state.offsetMs);

const thread = new ThreadView($('thread'), {
  get shop() {
    return state.business?.shop;
  },
  get businessName() {
    return state.business?.name ?? '';
  },
  now,
  notice: () =>
    h(
      'p',
      { class: 'notice' },
      `A test chat with ${state.business?.name ?? 'a business'}. Nothing here leaves this machine.`,
    ),
  act: {
    reply: (type, messageId, id) => send({ type, messageId, id }),
    choices: (item) => {
      const { action } = item.message.interactive;
      openChoices({
        title: action.button,
        sections: action.sections,
        choose: (row) => send({ type: 'list_reply', messageId: item.id, id: row.id }),
      });
    },
    catalog: (title, sections) => showCatalog(title, sections),
    react: (item) =>
      openReactions({
        current: thread.ownReaction(item.id),
        choose: (emoji) => send({ type: 'reaction', messageId: item.id, emoji }),
      }),
  },
});

async function send(body) {
  try {
    await api.send(state.person.customerId, state.business.phoneNumberId, body);
  } catch (error) {
    toast(error.message);
  }
}

/** Shows what was chosen, dropped or pasted; nothing is sent before the person says so. */
async function attach(files) {
  if (files.length === 0 || !state.business) return;
  const { person, business } = state;
  try {
    const rules = await mediaRules();
    if (files.length > 1) {
      openRefusal({ fault: 'One file at a time.', rules, again: chooseFile });
      return;
    }
    openAttachment({
      file: files[0],
      rules,
      again: chooseFile,
      send: (form) => api.sendMedia(person.customerId, business.phoneNumberId, form),
    });
  } catch (error) {
    toast(error.message);
  }
}

function chooseFile() {
  $('file').value = '';
  $('file').click();
}

function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  setTimeout(() => ($('toast').hidden = true), 4_000);
}

/* Which view is shown, and of what, stands in the address: #<customer>/<phone number id>. */

function route() {
  const [, phoneNumberId] = location.hash.slice(1).split('/').map(decodeURIComponent);
  const business = state.businesses.find((entry) => entry.phoneNumberId === phoneNumberId);
  closeSheet();
  if (business) openChat(business);
  else void showChats();
}

function go(phoneNumberId) {
  location.hash = [state.person.customerId, phoneNumberId].filter(Boolean).map(encodeURIComponent).join('/');
}

function show(id) {
  for (const view of ['chats-view', 'chat-view', 'empty-view']) $(view).hidden = view !== id;
}

function setPerson(person) {
  state.person = person;
  localStorage.setItem(REMEMBERED, person.customerId);
  $('person-button').replaceChildren(
    avatar(person.name),
    h('span', { dir: 'auto' }, person.name.split(' ')[0]),
  );
  $('person-line').textContent = `You are ${person.name}, ${person.phone}.`;
  const next = state.business ?? (state.businesses.length === 1 ? state.businesses[0] : undefined);
  const before = location.hash;
  go(next?.phoneNumberId);
  if (location.hash === before) route();
}

async function showChats() {
  leaveChat();
  show('chats-view');
  const rows = await Promise.all(state.businesses.map(chatRow));
  $('chat-list').replaceChildren(...rows.sort((a, b) => b.at - a.at).map((row) => row.node));
}

async function chatRow(business) {
  const { messages } = await api.thread(state.person.customerId, business.phoneNumberId);
  const last = messages.at(-1);
  const unread = messages.filter((item) => item.direction === 'in' && item.status !== 'read').length;
  const node = h(
    'li',
    {},
    h(
      'button',
      { class: 'chat-row', type: 'button', onclick: () => go(business.phoneNumberId) },
      avatar(business.name),
      h('strong', { dir: 'auto' }, business.name),
      last ? h('time', { datetime: last.at }, listTime(new Date(last.at))) : h('span'),
      h('span', { class: 'preview', dir: 'auto' }, last ? preview(last) : business.displayPhoneNumber),
      unread > 0 && h('span', { class: 'unread', 'aria-label': `${unread} unread` }, String(unread)),
    ),
  );
  return { node, at: last ? new Date(last.at).getTime() : 0 };
}

function preview(item) {
  return `${item.direction === 'out' ? 'You: ' : ''}${plain(item.text.split('\n')[0])}`;
}

function listTime(date) {
  const day = dayName(date, now());
  return day === 'Today'
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    : day;
}

function openChat(business) {
  leaveChat();
  state.business = business;
  show('chat-view');
  avatar(business.name, $('chat-avatar'));
  $('chat-name').replaceChildren(h('span', { dir: 'auto' }, business.name), icon('seal'));
  subtitle();
  drawLinks();
  const source = api.events(state.person.customerId, business.phoneNumberId);
  state.source = source;
  // Also after a reconnection: what happened meanwhile is in the thread, not in the stream.
  source.addEventListener('open', () => void loadThread(business, source));
  source.addEventListener('message', (event) => {
    const item = JSON.parse(event.data);
    if (!thread.put(item)) return;
    if (item.direction === 'in') setTyping(false);
    markRead();
    updateJump();
  });
  source.addEventListener('typing', (event) =>
    setTyping(true, new Date(JSON.parse(event.data).until) - now()),
  );
}

function leaveChat() {
  state.source?.close();
  state.business = undefined;
  setTyping(false);
}

async function loadThread(business, source) {
  const { messages } = await api.thread(state.person.customerId, business.phoneNumberId);
  if (state.source !== source) return;
  thread.reset(messages);
  markRead();
  updateJump();
}

function markRead() {
  if (document.visibilityState !== 'visible' || !state.business) return;
  void api.read(state.person.customerId, state.business.phoneNumberId);
}

function setTyping(on, forMs = 0) {
  clearTimeout(state.typingTimer);
  thread.typing(on);
  subtitle(on);
  if (on) state.typingTimer = setTimeout(() => setTyping(false), Math.max(forMs, 0));
}

function subtitle(typing = false) {
  $('chat-subtitle').classList.toggle('typing', typing);
  $('chat-subtitle').textContent = typing
    ? 'typing…'
    : `Business · ${state.business?.displayPhoneNumber ?? ''}`;
}

function showCatalog(title, sections) {
  void openCatalog({
    title,
    sections,
    shop: state.business.shop,
    send: (items) => send({ type: 'order', items }),
  });
}

function openMenu(title, entries) {
  openSheet({
    title,
    body: entries.map(({ name, hint, act }) =>
      h(
        'button',
        {
          class: 'choice',
          type: 'button',
          onclick: () => {
            closeSheet();
            act();
          },
        },
        h('b', {}, name),
        hint && h('small', {}, hint),
      ),
    ),
  });
}

const people = {
  choose: () => openPeople({ current: state.person, chosen: setPerson }),
  create: () => openNewPerson({ chosen: setPerson }),
};

function drawLinks() {
  const admin = `${location.protocol}//${location.hostname}:${Number(location.port || 80) - 95}/`;
  const shop = (state.business ?? state.businesses.find((entry) => entry.shop))?.shop;
  const entries = [
    shop && [`/shops/${encodeURIComponent(shop)}`, 'Shop back office', 'products, stock and orders'],
    [admin, 'Dashboards', 'queues, dead letters, admin API'],
    ['/', 'All of the sandbox', 'time, chaos, faults'],
  ].filter(Boolean);
  $('links').replaceChildren(
    ...entries.map(([href, name, about]) =>
      h('li', {}, h('a', { href, target: '_blank', rel: 'noopener' }, name), h('span', {}, ` · ${about}`)),
    ),
  );
}

function updateJump() {
  $('jump').hidden = thread.atEnd();
}

/** The day floats above the messages only while they move. */
function onScroll() {
  updateJump();
  $('thread').classList.add('scrolling');
  clearTimeout(state.scrollTimer);
  state.scrollTimer = setTimeout(() => $('thread').classList.remove('scrolling'), 900);
}

function grow() {
  const draft = $('draft');
  draft.style.height = 'auto';
  draft.style.height = `${draft.scrollHeight + 2}px`;
}

function submitDraft() {
  const text = $('draft').value.trim();
  if (!text) return;
  $('draft').value = '';
  grow();
  void send({ type: 'text', text });
}

function suggest(text) {
  if (!state.person) return;
  if (!state.business) openChat(state.businesses[0]);
  go(state.business.phoneNumberId);
  void send({ type: 'text', text });
}

function furnish() {
  for (const [id, name] of [
    ['back', 'back'],
    ['menu', 'more'],
    ['attach', 'plus'],
    ['send', 'send'],
    ['jump', 'down'],
  ]) {
    $(id).append(icon(name));
  }
  $('signals').append(...signals());
  $('back').addEventListener('click', () => go());
  $('person-button').addEventListener('click', people.choose);
  $('menu').addEventListener('click', () =>
    openMenu(state.business.name, [
      { name: 'Switch person', hint: `You are ${state.person.name}`, act: people.choose },
      { name: 'New customer', act: people.create },
      { name: 'Send a cart', act: () => showCatalog('Send a cart') },
    ]),
  );
  $('attach').addEventListener('click', () =>
    openMenu('Send', [
      {
        name: 'A file',
        hint: 'Picture, video, audio, document or sticker',
        act: chooseFile,
      },
      {
        name: 'A cart',
        hint: 'Choose products and send them as an order',
        act: () => showCatalog('Send a cart'),
      },
      {
        name: 'A place',
        hint: 'Dubai Marina',
        act: () => send({ type: 'location', latitude: 25.0805, longitude: 55.1403 }),
      },
    ]),
  );
  $('file').addEventListener('change', () => void attach([...$('file').files]));
  takeDrops($('chat-view'), (files) => void attach(files));
  $('draft').addEventListener('paste', (event) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void attach(files);
  });
  void mediaRules().then(
    (rules) => ($('file').accept = accepted(rules)),
    () => undefined, // asked again when a file is chosen
  );
  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    submitDraft();
  });
  $('draft').addEventListener('input', grow);
  $('draft').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submitDraft();
  });
  $('thread').addEventListener('scroll', onScroll, { passive: true });
  $('jump').addEventListener('click', () => thread.toEnd());
  $('suggestions').append(
    ...SUGGESTIONS.map((text) => h('button', { type: 'button', onclick: () => suggest(text) }, text)),
  );
  document.addEventListener('visibilitychange', markRead);
  window.addEventListener('hashchange', route);
  const tick = () =>
    ($('clock').textContent = now().toLocaleTimeString([], {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }));
  tick();
  setInterval(tick, 5_000);
  setInterval(() => void readClock(), 15_000);
}

async function readClock() {
  state.offsetMs = (await api.clock()).offsetMs;
}

/** A sandbox that has just started gets its businesses a moment later. */
function waitForBusiness() {
  const timer = setInterval(async () => {
    const found = await api.businesses().catch(() => []);
    if (found.length === 0) return;
    clearInterval(timer);
    location.reload();
  }, 2_000);
}

async function start() {
  furnish();
  const [businesses, customers] = await Promise.all([api.businesses(), api.customers(), readClock()]);
  state.businesses = businesses;
  drawLinks();
  if (businesses.length === 0) {
    show('empty-view');
    waitForBusiness();
    return;
  }
  const wanted = location.hash.slice(1).split('/').map(decodeURIComponent);
  const business = businesses.find((entry) => entry.phoneNumberId === wanted[1]);
  if (business) state.business = business;
  const remembered = localStorage.getItem(REMEMBERED);
  const person =
    customers.find((entry) => entry.customerId === wanted[0]) ??
    customers.find((entry) => entry.customerId === remembered) ??
    customers.at(-1) ??
    (await api.createCustomer({ name: 'Aisha Khan' }));
  setPerson(person);
}

start().catch((error) => toast(error.message));
