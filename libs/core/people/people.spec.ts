import {
  groupsOf,
  judgeNumber,
  NUMBER_HOLDS_MS,
  phoneProof,
  type NumberHolder,
  type NumberJudgement,
  type Proved,
  type WayToWriter,
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
  const LONG = ago(NUMBER_HOLDS_MS + 1);
  const holder = (contactId: string, more: Partial<NumberHolder> = {}): NumberHolder => ({
    contactId,
    channel: 'whatsapp',
    userIds: [],
    verifiedAt: ago(1_000),
    isJoined: false,
    ...more,
  });
  const judge = (writer: Partial<NumberHolder>, others: NumberHolder[], way: Partial<WayToWriter> = {}) =>
    judgeNumber(holder('w', { verifiedAt: now, ...writer }), others, {
      tookOver: false,
      numberSince: null,
      ...way,
    });
  const WRITER = { userIds: ['AE.1'] };
  const judged = (more: Partial<NumberJudgement> = {}): NumberJudgement => ({
    byUserId: [],
    byNumber: [],
    left: [],
    ...more,
  });
  const same = (contactId: string) => ({ contactId, userId: 'AE.1' });

  it('is who wrote from it lately on another account, with the same user id or where one has none', () => {
    const others = [holder('a'), holder('b', { userIds: ['AE.0', 'AE.1'] })];
    expect(judge(WRITER, others)).toEqual(judged({ byNumber: ['a', 'b'], byUserId: [same('b')] }));
    expect(judge({}, [holder('b', WRITER)])).toEqual(judged({ byNumber: ['b'] }));
  });

  it('is who has a user id of another channel: those say nothing of each other', () => {
    for (const id of ['77', 'AE.1']) {
      const other = holder('a', { channel: 'elsewhere', userIds: [id] });
      expect(judge(WRITER, [other])).toEqual(judged({ byNumber: ['a'] }));
    }
  });

  it('is who had the number 45 days before, and later only who shares a user id', () => {
    const at = ago(NUMBER_HOLDS_MS);
    expect(judge(WRITER, [holder('a', { verifiedAt: at })])).toEqual(judged({ byNumber: ['a'] }));
    expect(judge(WRITER, [holder('a', { verifiedAt: LONG })])).toEqual(judged());
    expect(judge(WRITER, [holder('a', { verifiedAt: LONG, ...WRITER })])).toEqual(
      judged({ byUserId: [same('a')] }),
    );
  });

  // A proof of long ago tells who had the number then. The writer may be the next owner, unless they were one of them already.
  it('is not who was joined by it long ago, unless the writer was, too: they are joined by it no more', () => {
    const others = ['a', 'b'].map((id) => holder(id, { verifiedAt: LONG, isJoined: true }));
    expect(judge({ userIds: ['AE.NEW'] }, others)).toEqual(judged({ left: ['a', 'b'] }));
    expect(judge({ isJoined: true }, others)).toEqual(judged({ byNumber: ['a', 'b'] }));
  });

  it('is all who are joined by it when one of them wrote lately', () => {
    const others = [holder('a', { verifiedAt: LONG, isJoined: true }), holder('b', { isJoined: true })];
    expect(judge({}, others)).toEqual(judged({ byNumber: ['a', 'b'] }));
  });

  it('is not who the writer was joined with, when the number alone led to the writer after 45 days', () => {
    const others = [holder('a', { verifiedAt: LONG, isJoined: true, userIds: ['AE.1'] })];
    const after = (ms: number) => judge({ isJoined: true }, others, { numberSince: ago(ms) });
    expect(after(NUMBER_HOLDS_MS)).toEqual(judged({ byNumber: ['a'] }));
    expect(after(NUMBER_HOLDS_MS + 1)).toEqual(judged({ left: ['a'] }));
    const lately = [...others, holder('b', { isJoined: true }), holder('c')];
    expect(judge({ isJoined: true }, lately, { numberSince: LONG })).toEqual(
      judged({ byNumber: ['a', 'b', 'c'] }),
    );
  });

  it('tells nothing of who wrote from it long after: the message is a late one', () => {
    const others = [
      holder('a', { verifiedAt: now, isJoined: true, userIds: ['AE.2'] }),
      holder('b', { verifiedAt: LONG }),
      holder('c', WRITER),
    ];
    expect(judge({ ...WRITER, verifiedAt: LONG }, others, { tookOver: true })).toEqual(
      judged({ byUserId: [same('c')] }),
    );
  });

  it.each<[string, NumberHolder, boolean]>([
    ['somebody with another user id had it', holder('other', { userIds: ['AE.2'], isJoined: true }), false],
    ['it was taken over on the same account', holder('other'), true],
    [
      'somebody who is joined by it has it no more',
      holder('other', { verifiedAt: null, isJoined: true }),
      false,
    ],
  ])('is only who shares a user id once %s', (_, other, tookOver) => {
    const others = [other, holder('mine', WRITER), holder('unknown'), holder('b', { isJoined: true })];
    expect(judge({ ...WRITER, isJoined: true }, others, { tookOver })).toEqual(
      judged({ byUserId: [same('mine')], left: ['other', 'unknown', 'b'] }),
    );
  });
});
