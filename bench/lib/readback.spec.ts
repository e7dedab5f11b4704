type Note = (kind: string, text: string, by?: number) => void;
type Books = { messages: number; replies: { body: object }[]; key: string; note: Note };

const { countReplies } = (await import(new URL('readback.mjs', import.meta.url).href)) as {
  countReplies: (books: Books) => void;
};

/** Replies to a thread's messages: a number answers that message, a word is said as it is. */
function counted(messages: number, said: (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const note: Note = (kind, _text, by = 1) => void (counts[kind] = (counts[kind] ?? 0) + by);
  const replies = said.map((k) => ({ body: { text: { body: typeof k === 'number' ? textOf(k) : k } } }));
  countReplies({ key: 'a thread', messages, replies, note });
  return counts;
}

const textOf = (k: number) =>
  k % 2 === 0 ? `I found nothing for “zq7x${k}”` : `${(k + 1) / 2} × White Organic T-Shirt: AED 45.00`;

describe('what is counted of the replies to a thread', () => {
  it('nothing, when each message has its reply in its place', () => {
    expect(counted(4, [0, 1, 2, 3])).toEqual({});
  });

  it('a reply that is not there is lost', () => {
    expect(counted(4, [0, 1, 3])).toEqual({ lost: 1 });
    expect(counted(2, [])).toEqual({ lost: 2 });
  });

  it('a second reply to one message is doubled, and one that answers nothing as well', () => {
    expect(counted(3, [0, 0, 1, 2])).toEqual({ doubled: 1 });
    expect(counted(1, [0, 'Welcome!'])).toEqual({ doubled: 1 });
  });

  it('a reply after that of a later message is out of order', () => {
    expect(counted(4, [0, 2, 1, 3])).toEqual({ disordered: 1 });
  });

  it('a reply that could not confirm prices has its place and is counted as what it is', () => {
    expect(counted(3, [0, 'I cannot confirm prices and stock', 2])).toEqual({ degraded: 1 });
    expect(counted(2, [0, 1, 'I cannot confirm prices and stock'])).toEqual({ degraded: 1, doubled: 1 });
  });
});
