import { maskAnswer } from './mask-answer.js';

const NUMBER = '971501234573';

describe("a board's answer", () => {
  it('names no person in any text, wherever it stands', () => {
    const job = {
      id: 'thread_5f2c',
      name: `thread/acc_1/${NUMBER}`,
      failedReason: `(#131026) +${NUMBER} is not reachable; recipient ${NUMBER}`,
      stacktrace: [`Error: thread/acc_1/${NUMBER} is locked\n    at run (processor.js:1:1)`],
      returnValue: `{"wa_id":"${NUMBER}"}`,
      opts: { deduplication: { id: 'abc' }, repeat: { name: `for ${NUMBER}` } },
    };
    const masked = JSON.stringify(maskAnswer({ queues: [{ jobs: [job] }] }));
    expect(masked).not.toContain(NUMBER);
    expect(masked).toContain('"id":"thread_5f2c"');
    expect(masked).toContain('(#131026)');
    expect(masked).toContain('processor.js:1:1');
  });

  it('is otherwise as it was', () => {
    const at = new Date(0);
    const answer = {
      counts: { waiting: 3, failed: 0 },
      timestamp: 1_732_195_200_000,
      id: '1732195200000',
      isPaused: false,
      nothing: null,
      at,
      text: 'checkout.place-order.v1: the shop answered 500',
    };
    expect(maskAnswer(answer)).toEqual(answer);
  });
});
