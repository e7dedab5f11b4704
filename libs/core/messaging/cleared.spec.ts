import { cleared, type Cleared } from './cleared.js';

const CARD = '4111 1111 1111 1111';

describe('cleared', () => {
  it('masks card numbers in texts and keys, however deep', () => {
    expect(cleared({ a: [{ b: `my ${CARD}` }], [CARD]: 1 })).toEqual({
      a: [{ b: 'my •••• 1111' }],
      '•••• 1111': 1,
    });
    expect(cleared(`⁴¹¹¹-¹¹¹¹-¹¹¹¹-¹¹¹¹!`)).toBe('•••• 1111!');
  });

  it('leaves ids alone, wherever they stand, and what is made of them', () => {
    const ids = {
      messageId: CARD,
      lines: [{ sku: CARD, title: 'T' }],
      seen: { [CARD]: 5 },
      url: `x/${CARD}`,
    };
    expect(cleared(ids)).toBe(ids);
  });

  it('believes no name of a field in what somebody else made', () => {
    expect(cleared({ original: { sku: CARD, more: { id: CARD } } })).toEqual({
      original: { sku: '•••• 1111', more: { id: '•••• 1111' } },
    });
    expect(cleared({ id: CARD }, { foreign: true })).toEqual({ id: '•••• 1111' });
  });

  it('gives back the same when there is nothing to change, and what can be stored', () => {
    const plain = { text: 'two hoodies, please', at: '2026-11-21T10:00:00.000Z', list: [1, null, true] };
    expect(cleared(plain)).toBe(plain);
    expect(cleared({ text: 'a\u0000b\ud83d', id: '\u0000' })).toEqual({ text: 'ab\ufffd', id: '' });
    let deep: unknown = CARD;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(JSON.stringify(cleared(deep))).toContain('too deep');
    expect(Object.keys(cleared(JSON.parse(`{"__proto__":"${CARD}"}`) as object))).toEqual(['__proto__']);
  });

  it('cannot be made by a claim', () => {
    const take = (_given: Cleared<{ text: string }>): void => undefined;
    take(cleared({ text: CARD }));
    // @ts-expect-error -- it was not cleared
    take({ text: CARD });
  });
});
