import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { Customer, http } from '../local/customer.mjs';
import { startStack } from '../local/stack.mjs';
import { allRows } from './support/everywhere.mjs';
import { checkOut, openMerchant, untilQuiet } from './support/two-merchants.mjs';

jest.setTimeout(600_000);

/** 16 digits with a checksum, of an issuer's range; never the same twice. */
function cardNumber() {
  const body =
    `${['4', '52', '2221', '6011'][randomInt(4)]}${Array.from({ length: 15 }, () => randomInt(10)).join('')}`.slice(
      0,
      15,
    );
  const sum = [...body].toReversed().reduce((total, d, i) => {
    const doubled = Number(d) * (i % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}

const inDigits = (zero) => (number) =>
  [...number].map((d) => String.fromCodePoint(zero + Number(d))).join('');
const inGroups = (separator) => (number) => number.match(/.{4}/g).join(separator);
/** Ways to write a number so that a normalised copy of it would be a plain one. */
const DISGUISES = [
  (number) => number,
  ...[' ', '-', ',', ', ', ':', ' + ', 'ـ', '…', '    ', '\n\n', ')(', '<br>'].map(inGroups),
  ...[0x0660, 0x0966, 0xff10, 0x1d7ce, 0x11136, 0x07c0].map(inDigits),
  (number) => [...number].map((d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]).join(''),
  (number) => [...number].map((d) => '⓪①②③④⑤⑥⑦⑧⑨'[Number(d)]).join(''),
  (number) => `${number}123`,
  (number) => `my card ${number} 12/29`,
];

/** Digits of any form, one after the other. */
const digitsIn = (text) =>
  [...text.normalize('NFKC')]
    .map((character) => (/\p{Nd}/u.test(character) ? valueOf(character) : ''))
    .join('');
function valueOf(character) {
  let code = character.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(code - 1)) && character.codePointAt(0) - code < 9) code -= 1;
  // Digits of a script stand together, zero first; several scripts follow each other in a few blocks.
  return (character.codePointAt(0) - code) % 10;
}

describe('card numbers on a whole stack', () => {
  let stack, dataDir, database, merchant;
  const numbers = [];
  const one = (disguise = (number) => number) => {
    const number = cardNumber();
    numbers.push(number);
    return disguise(number);
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-cards-'));
    const portBase = Number(process.env.WACO_PORT_BASE) || 16_000 + randomInt(30) * 150;
    stack = await startStack({ dataDir, portBase, quiet: true, demo: false });
    database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    merchant = await openMerchant(stack, 'zqcards');
  });

  afterAll(async () => {
    await database?.end();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('are in no row and in no message, wherever they were written and however', async () => {
    const sandbox = http(stack.urls.sandbox);
    const customers = await Promise.all(
      DISGUISES.map(async (disguise) => {
        const person = { name: `Card ${one(disguise)}`, patienceMs: 60_000 };
        const customer = await Customer.create(sandbox, merchant.phoneNumberId, person);
        await customer.write(one(disguise));
        await customer.next('an answer');
        await customer.write(`do you have ${one(disguise)} in red?`);
        await customer.next('an answer');
        return customer;
      }),
    );
    const [customer] = customers;
    const link = await checkOut(customer);
    const page = new URL((await fetch(link.url, { redirect: 'manual' })).headers.get('location'));
    await sandbox.post(`${page.pathname}/complete`, { outcome: 'paid' });
    await customer.next('the receipt', (m) => m.text.includes('Paid'));
    const orderRef = /Order (\w+)/.exec(link.text)[1];
    const courier = (event, more) =>
      sandbox.post(`/shops/${merchant.shop}/backoffice/orders/${orderRef}/courier`, { event, ...more });
    await courier('created');
    await customer.next('the tracking code', (m) => m.text.includes('tracking code'));
    await courier('out_for_delivery');
    await courier('failed', { reason: `they said ${one(inGroups(':'))}` });
    await customer.next('the failed delivery', (m) => m.text.includes('could not'));
    await untilQuiet(stack, database);

    expect(numbers.length).toBeGreaterThan(40);
    const rows = await allRows(database);
    const threads = await Promise.all(customers.map(({ thread }) => sandbox.get(`${thread}?after=0`)));
    const told = threads
      .flatMap(({ messages }) => messages.filter(({ direction }) => direction === 'in'))
      .map((message) => ({ where: 'a message', text: JSON.stringify(message) }));
    expect(told.length).toBeGreaterThan(40);
    const places = [...rows, ...told].map((place) => ({ ...place, digits: digitsIn(place.text) }));
    const readable = numbers.flatMap((number) => {
      const place = places.find(({ digits }) => digits.includes(number));
      return place ? [`${number} in ${place.where}: ${place.text}`] : [];
    });
    expect(readable).toEqual([]);
  });
});
