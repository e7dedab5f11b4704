import {
  groupsOf,
  judgeNumber,
  NUMBER_HOLDS_MS,
  phoneProof,
  type NumberHolder,
  type Proved,
} from './index.js';

describe('groups of contacts', () => {
  const proved = (contactId: string, value: string, kind: Proved['kind'] = 'signed_identity'): Proved => ({
    contactId,
    kind,
    scheme: 'customer_id',
    value,
  });

  it('share a proof, directly or by way of others', () => {
    expect(
      groupsOf([proved('a', '1'), proved('b', '1'), proved('c', '2'), proved('d', '3'), proved('c', '1')]),
    ).toEqual([['a', 'b', 'c']]);
    expect(groupsOf([proved('a', '1'), proved('b', '2'), proved('c', '1'), proved('c', '2')])).toEqual([
      ['a', 'b', 'c'],
    ]);
  });

  it('are none where the same value is proved in another way', () => {
    expect(groupsOf([proved('a', '1'), proved('b', '1', 'confirmation')])).toEqual([]);
  });

  it('come from all kinds of proof', () => {
    const { kind, scheme, value } = phoneProof('551176543210');
    expect(phoneProof('5511976543210')).toEqual({ kind, scheme, value });
    expect(
      groupsOf([
        { contactId: 'a', kind, scheme, value },
        { contactId: 'b', kind, scheme, value },
        proved('b', '1', 'confirmation'),
        proved('c', '1', 'confirmation'),
      ]),
    ).toEqual([['a', 'b', 'c']]);
  });
});

describe('who writes from a number', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const holder = (contactId: string, more: Partial<NumberHolder> = {}): NumberHolder => ({
    contactId,
    channel: 'whatsapp',
    userIds: [],
    seenAt: ago(1_000),
    isJoined: false,
    ...more,
  });
  const judge = (writer: NumberHolder, others: NumberHolder[], tookOver = false) =>
    judgeNumber(writer, others, { tookOver, now });
  const WRITER = holder('w', { userIds: ['AE.1'] });

  it('is who wrote from it lately on another account, with the same user id or where one has none', () => {
    const others = [holder('a'), holder('b', { userIds: ['AE.1', 'AE.0'] })];
    expect(judge(WRITER, others)).toEqual({ same: ['a', 'b'], left: [] });
    expect(judge(holder('w'), [holder('b', { userIds: ['AE.1'] })])).toEqual({ same: ['b'], left: [] });
  });

  it('is who has a user id of another channel: those say nothing of each other', () => {
    const other = holder('a', { channel: 'elsewhere', userIds: ['77'] });
    expect(judge(WRITER, [other])).toEqual({ same: ['a'], left: [] });
  });

  it('is not who had the number 45 days ago, unless they were joined, or share a user id', () => {
    const at = ago(NUMBER_HOLDS_MS);
    const long = ago(NUMBER_HOLDS_MS + 1);
    expect(judge(WRITER, [holder('a', { seenAt: at })])).toEqual({ same: ['a'], left: [] });
    expect(judge(WRITER, [holder('a', { seenAt: long })])).toEqual({ same: [], left: [] });
    expect(judge(WRITER, [holder('a', { seenAt: long, isJoined: true })])).toEqual({ same: ['a'], left: [] });
    expect(judge(WRITER, [holder('a', { seenAt: long, userIds: ['AE.1'] })])).toEqual({
      same: ['a'],
      left: [],
    });
  });

  it.each<[string, NumberHolder, boolean]>([
    ['somebody with another user id had it', holder('other', { userIds: ['AE.2'], isJoined: true }), false],
    ['it was taken over on the same account', holder('other'), true],
    ['somebody who is joined by it has it no more', holder('other', { seenAt: null, isJoined: true }), false],
  ])('is only who shares a user id once %s', (_, other, tookOver) => {
    const others = [
      other,
      holder('mine', { userIds: ['AE.1'] }),
      holder('unknown'),
      holder('b', { isJoined: true }),
    ];
    expect(judge(WRITER, others, tookOver)).toEqual({ same: ['mine'], left: ['other', 'unknown', 'b'] });
  });
});
