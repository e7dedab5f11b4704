import { splitWebhook } from './inbound.js';

/** Who the sender of a message is taken for, or why it is ignored. */
function person(more: object, contacts: object[]): unknown {
  const text = { id: 'wamid.1', timestamp: '1795256400', type: 'text', text: { body: 'x' } };
  const value = { metadata: { phone_number_id: '106' }, contacts, messages: [{ ...text, ...more }] };
  const entry = [{ id: '102', changes: [{ field: 'messages', value }] }];
  const [item, another] = splitWebhook({ object: 'whatsapp_business_account', entry }, new Date());
  expect(another).toBeUndefined();
  if (item!.kind !== 'message') return item!.kind === 'ignored' && item!.reason;
  const { aliases, ...others } = item!.payload.person;
  return { ...Object.fromEntries(aliases.map(({ scheme, value }) => [scheme, value])), ...others };
}

describe('sender', () => {
  const al = { wa_id: '1', user_id: 'US.1', profile: { name: 'Al', username: 'al' } };
  const bo = { wa_id: '2', user_id: 'US.2', parent_user_id: 'US.ENT.2', profile: { name: 'Bo' } };

  it('is matched by its ids, not by its place', () => {
    expect(person({ from: '2' }, [al, bo])).toEqual({
      phone: '2',
      user_id: 'US.2',
      parent_user_id: 'US.ENT.2',
      name: 'Bo',
    });
    expect(person({ from: undefined, from_user_id: 'US.1' }, [bo, al])).toEqual({
      phone: '1',
      user_id: 'US.1',
      username: 'al',
      name: 'Al',
    });
  });

  it('is matched when message and contact have a number in different forms', () => {
    const bia = { wa_id: '551176543210', user_id: 'BR.1', profile: { name: 'Bia' } };
    const ana = { wa_id: '5215587654321', user_id: 'MX.1', profile: { name: 'Ana' } };
    expect(person({ from: '5511976543210' }, [ana, bia])).toEqual({
      phone: '5511976543210',
      user_id: 'BR.1',
      name: 'Bia',
    });
    expect(person({ from: '525587654321' }, [bia, ana])).toMatchObject({ user_id: 'MX.1', name: 'Ana' });
    const now = { wa_id: '5511976543210', user_id: 'BR.2', profile: { name: 'Eva' } };
    expect(person({ from: '5511976543210' }, [bia, now])).toMatchObject({ user_id: 'BR.2', name: 'Eva' });
    expect(person({ from: '551176543210' }, [now, bia])).toMatchObject({ user_id: 'BR.1', name: 'Bia' });
  });

  it('may have a user id only, or a number only, or no contact at all', () => {
    expect(person({ from: undefined, from_user_id: 'US.9' }, [al])).toEqual({ user_id: 'US.9' });
    expect(person({ from: '9' }, [al, bo])).toEqual({ phone: '9' });
    expect(person({ from: '9' }, [])).toEqual({ phone: '9' });
  });

  it('is the only contact when the message names nobody, and nobody when there are several', () => {
    expect(person({ from: undefined }, [{ user_id: 'US.7' }])).toEqual({ user_id: 'US.7' });
    expect(person({ from: undefined }, [al, bo])).toBe('a message without a sender');
    expect(person({ from: undefined }, [])).toBe('a message without a sender');
  });
});
