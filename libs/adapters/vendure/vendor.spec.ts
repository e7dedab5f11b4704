import { vendure } from './vendor.js';

describe('what connects a Vendure shop', () => {
  const USER = { username: 'waco', password: 'a-long-password' };
  const KEY = { apiKey: 'a-key-of-the-shop' };

  it.each([USER, KEY, { ...KEY, ...USER }, { ...KEY, country: 'AE' }])('is enough: %j', (given) => {
    expect(vendure.wrongIn!(given)).toBeUndefined();
  });

  it.each([
    [{}, 'apiKey'],
    [{ username: 'waco' }, 'password'],
    [{ ...KEY, username: 'waco' }, 'password'],
    [{ ...KEY, password: USER.password }, 'username'],
    [{ ...KEY, country: 'ZZ' }, 'country'],
  ])('is not: %j', (given, field) => {
    expect(vendure.wrongIn!(given)).toMatchObject({ field });
  });
});
