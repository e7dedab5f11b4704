import { api } from './api.js';
import { avatar, h, icon } from './dom.js';
import { closeSheet, openSheet } from './sheet.js';

const NAMES = [
  'Aisha Khan',
  'Omar Haddad',
  'Fatima Noor',
  'Ravi Menon',
  'Layla Saeed',
  'Daniel Mwangi',
  'عمر الفارسي',
];

/** Chooses who holds the phone. `chosen` gets the customer. */
export async function openPeople({ current, chosen }) {
  const people = await api.customers();
  const pick = (person) => {
    closeSheet();
    chosen(person);
  };
  const row = (person) =>
    h(
      'button',
      { class: 'person', type: 'button', onclick: () => pick(person) },
      avatar(person.name),
      h(
        'span',
        {},
        h('b', { dir: 'auto' }, person.name),
        h('small', {}, person.hidePhone ? `${person.phone} · hidden from businesses` : person.phone),
      ),
      person.customerId === current?.customerId && icon('check'),
    );
  const create = h(
    'button',
    { class: 'primary', type: 'button', onclick: () => openNewPerson({ chosen }) },
    'New customer',
  );
  openSheet({
    title: 'Who holds this phone?',
    body: people.toReversed().slice(0, 60).map(row),
    foot: create,
  });
}

export function openNewPerson({ chosen }) {
  const name = h('input', {
    type: 'text',
    name: 'name',
    required: true,
    maxlength: '60',
    autocomplete: 'off',
    dir: 'auto',
  });
  name.value = NAMES[Math.floor(Math.random() * NAMES.length)];
  const phone = h('input', {
    type: 'tel',
    name: 'phone',
    placeholder: 'A free number, +971 50 …',
    autocomplete: 'off',
  });
  const hide = h('input', { type: 'checkbox', name: 'hide' });
  const error = h('p', { class: 'hint', role: 'alert' });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const given = phone.value.replace(/[\s()-]/g, '');
      const person = await api.createCustomer({
        name: name.value,
        ...(given ? { phone: given } : {}),
        hidePhone: hide.checked,
      });
      closeSheet();
      chosen(person);
    } catch (reason) {
      error.textContent = reason.message;
    }
  };
  openSheet({
    title: 'New customer',
    body: [
      h(
        'form',
        { class: 'form', id: 'new-person', onsubmit: submit },
        h('label', { class: 'field' }, 'Name', name),
        h('label', { class: 'field' }, 'Phone number', phone),
        h('label', { class: 'check' }, hide, 'Has a username: businesses do not see the phone number'),
        error,
      ),
    ],
    foot: h('button', { class: 'primary', type: 'submit', form: 'new-person' }, 'Start chatting'),
  });
  name.select();
}
