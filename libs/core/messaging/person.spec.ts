import { cleared } from './cleared.js';
import { kindOf, readPerson, schemeOf, writtenPerson } from './person-before.js';
import { aliasOf, identifyingAliases, personKey, personOf, phoneOf, SCHEME, userIdOf } from './person.js';

const SHEENA = personOf({
  userId: 'AE.1349',
  parentUserId: 'AE.ENT.1',
  phone: '971501234567',
  username: 'sheena',
  name: 'Sheena',
});
/** As the release before wrote it. */
const BEFORE = {
  userId: 'AE.1349',
  parentUserId: 'AE.ENT.1',
  waId: '971501234567',
  username: 'sheena',
  name: 'Sheena',
};

it('a person is found under each scheme', () => {
  expect([userIdOf(SHEENA), phoneOf(SHEENA)]).toEqual(['AE.1349', '971501234567']);
  expect(aliasOf(SHEENA, 'username')).toBe('sheena');
  expect(aliasOf(SHEENA, 'email')).toBeUndefined();
  expect(identifyingAliases(SHEENA).map(({ scheme }) => scheme)).toEqual([
    'user_id',
    'parent_user_id',
    'phone',
  ]);
});

it('a channel may bring a scheme of its own, which identifies', () => {
  const person = { aliases: [{ scheme: 'visitor_id', value: 'v-1' }] };
  expect(personKey(person)).toBe('v-1');
  expect(readPerson(writtenPerson(person))).toEqual(person);
});

it.each(['phone', 'user_id', 'x', 'a1_b2'])('%s is a scheme', (scheme) => {
  expect(scheme).toMatch(SCHEME);
});
it.each(['', 'Phone', '1st', 'e-mail', 'a'.repeat(41), "x' OR 1"])('"%s" is no scheme', (scheme) => {
  expect(scheme).not.toMatch(SCHEME);
});

describe('the form of the release before', () => {
  it('is written beside the aliases, and read', () => {
    expect(writtenPerson(SHEENA)).toEqual({ ...BEFORE, aliases: SHEENA.aliases });
    expect(readPerson(BEFORE)).toEqual(SHEENA);
    expect(readPerson(writtenPerson(SHEENA))).toEqual(SHEENA);
  });

  it('has only the fields that a person has', () => {
    expect(writtenPerson(personOf({ phone: '971501234567' }))).toEqual({
      waId: '971501234567',
      aliases: [{ scheme: 'phone', value: '971501234567' }],
    });
    expect(readPerson({})).toEqual({ aliases: [] });
  });

  it('counts where the release before has masked an alias that looks like a card number', () => {
    const masked = {
      waId: '4915123456704',
      aliases: [
        { scheme: 'phone', value: '•••• 6704' },
        { scheme: 'visitor_id', value: 'v-1' },
      ],
    };
    expect(readPerson(masked)).toEqual({
      aliases: [
        { scheme: 'phone', value: '4915123456704' },
        { scheme: 'visitor_id', value: 'v-1' },
      ],
    });
  });

  it('is read without what is no alias', () => {
    const odd = { aliases: [null, 7, { scheme: 'Not One', value: 'x' }, { scheme: 'phone' }], name: 7 };
    expect(readPerson(odd)).toEqual({ aliases: [] });
    expect(readPerson({ aliases: 'phone' })).toEqual({ aliases: [] });
  });

  it('names kinds in the database', () => {
    expect(['phone', 'user_id', 'visitor_id'].map(kindOf)).toEqual(['wa_id', 'user_id', 'visitor_id']);
    expect(['wa_id', 'user_id', 'visitor_id'].map(schemeOf)).toEqual(['phone', 'user_id', 'visitor_id']);
  });
});

it('an alias that identifies is no text that is looked through for card numbers; a username is', () => {
  const card = '4111111111111111';
  const { aliases } = cleared({
    aliases: [
      { scheme: 'phone', value: card },
      { scheme: 'username', value: card },
    ],
  });
  expect(aliases.map(({ value }) => value)).toEqual([card, '•••• 1111']);
  expect(cleared({ value: card }).value).toBe('•••• 1111');
});
