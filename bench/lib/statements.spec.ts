type Counts = Map<string, number>;

const { readLog } = (await import(new URL('statements.mjs', import.meta.url).href)) as {
  readLog: (log: string) => { texts: Counts; transactions: Counts };
};

const LOG = [
  `waco_ingest|4/17|LOG:  execute w1a2B: INSERT INTO journal.items`,
  `\t       (id) VALUES ($1)`,
  `waco_outbound|5/3|LOG:  statement: START TRANSACTION; SET LOCAL waco.merchant_id = 'a;b'; SET LOCAL synchronous_commit = off`,
  `waco_ingest|4/18|LOG:  execute w1a2B: INSERT INTO journal.items`,
  `\t       (id) VALUES ($1)`,
  `waco_outbound|5/3|LOG:  execute <unnamed>: SELECT 1`,
  `waco_outbound|5/3|ERROR:  deadlock detected`,
  `waco_outbound|5/3|DETAIL:  Process 1 waits`,
  `\tand so does process 2`,
  `waco_outbound|5/3|LOG:  statement: COMMIT`,
  `waco_outbound|5/4|LOG:  statement: START TRANSACTION; SET LOCAL waco.merchant_id = 'it''s another'`,
  `postgres|6/1|LOG:  statement: SELECT count(*) FROM journal.items`,
  `waco_sandbox|7/1|LOG:  execute w9: SELECT 2`,
  `waco_queue|8/1|LOG:  execute w9: SELECT 3`,
  `|  |LOG:  checkpoint starting: time`,
].join('\n');

const named = (counts: Counts) =>
  Object.fromEntries([...counts].map(([key, count]) => [(JSON.parse(key) as string[]).join(': '), count]));

describe("what the server's log says of services", () => {
  it('counts each statement of those that are sent in one go, whatever values stand in it', () => {
    expect(named(readLog(LOG).texts)).toEqual({
      'ingest-gateway: INSERT INTO journal.items (id) VALUES ($1)': 2,
      'outbound: START TRANSACTION': 2,
      "outbound: SET LOCAL waco.merchant_id = '…'": 2,
      'outbound: SET LOCAL synchronous_commit = off': 1,
      'outbound: SELECT 1': 1,
      'outbound: COMMIT': 1,
    });
  });

  it('counts a transaction once, and a statement outside of one as one', () => {
    expect(named(readLog(LOG).transactions)).toEqual({ 'ingest-gateway': 2, outbound: 2 });
  });
});
