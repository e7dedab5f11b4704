import { recipientOf, recipientStream, threadStream } from './content.js';
import { personKey, personOf } from './person.js';

describe('personKey', () => {
  it('prefers the user id, which stays when the number is hidden', () => {
    expect(personKey(personOf({ userId: 'AE.1', phone: '971501234567' }))).toBe('AE.1');
    expect(personKey(personOf({ userId: 'AE.1' }))).toBe('AE.1');
    expect(personKey(personOf({ phone: '971501234567' }))).toBe('971501234567');
  });

  it('refuses a person whom nothing identifies', () => {
    expect(() => personKey(personOf({ name: 'Sheena', username: 'sheena' }))).toThrow(
      /a user id, a phone number or another alias/,
    );
  });
});

it('streams keep accounts and people apart', () => {
  const person = personOf({ userId: 'AE.1' });
  expect(threadStream('acc_1', person)).toBe('thread/acc_1/AE.1');
  expect(threadStream('acc_2', person)).not.toBe(threadStream('acc_1', person));
  expect(recipientStream('acc_1', 'con_1')).toBe('recipient/acc_1/con_1');
  expect(recipientOf('recipient/acc_1/con_1')).toEqual({ channelAccountId: 'acc_1', contactId: 'con_1' });
  expect(recipientOf('account/acc_1')).toBeUndefined();
});
