import { tmpdir } from 'node:os';
import { insertStory, type Story } from './rows.js';
import { onboard, startAdmin, type AdminUnderTest } from './support.js';
import { runWaco, type Ended } from './waco.js';

describe('looking and repairing from a terminal', () => {
  let merchantId: string;
  let story: Story;
  let admin: AdminUnderTest;
  const at = (...args: string[]): Promise<Ended> => runWaco(admin, tmpdir(), [...args, '-m', merchantId]);

  beforeAll(async () => {
    admin = await startAdmin();
    ({ merchantId } = await onboard(admin));
    story = await insertStory(admin.owner, merchantId, 'TERMINAL');
  });
  afterAll(() => admin.close());

  it('finds a thread by a number that people write, and masks it', async () => {
    const found = await at('threads', 'list', '--q', '+971 50 123 4573');
    expect(found.out).toContain(story.threadId);
    expect(found.out).toContain('+9715•••••573');
    expect((await at('threads', 'list', '--q', 'nobody')).err).toBe('nothing\n');
  });

  it.each(['messages', 'orders', 'webhooks', 'deliveries'])('lists %s', async (what) => {
    const { code, out } = await at(what, 'list');
    expect([code, out.trim().split('\n').length > 1]).toEqual([0, true]);
  });

  it('shows one of them, field by field or as JSON', async () => {
    expect((await at('orders', 'show', story.number)).out).toMatch(/^ref +W\w+$/m);
    const json = JSON.parse((await at('messages', 'show', story.messageId, '--json')).out);
    expect(json).toMatchObject({ messageId: story.messageId, status: 'delivered' });
    const none = await at('orders', 'show', 'W0');
    expect([none.code, none.err]).toEqual([1, 'waco: there is no such order (404, order_not_found)\n']);
  });

  it('tells the timeline of an order and of a thread', async () => {
    const order = await at('timeline', story.orderRef);
    const lines = order.out.split('\n');
    const line = (text: string) => lines.findIndex((l) => l.includes(text));
    expect(line('asked the shop to hold the stock')).toBeGreaterThan(0);
    expect(line('payment provider said: paid')).toBeGreaterThan(line('asked the shop to hold'));
    expect(order.out).toMatch(/placed the order at the shop +dead_letter, the shop of TERMINAL answered 500/);
    expect((await at('timeline', story.threadId)).out).toContain('the customer wrote: hoodie for TERMINAL');
  });

  it('explains a message in words', async () => {
    const { out } = await at('explain', story.receiptId);
    expect(out).toMatch(/^msg_\w+ is waiting\. It waits until the customer writes\.\n/);
    expect(out).toContain('Decided:\n  Wait until the customer writes, because');
  });

  it('redrives dead letters that it finds, and replays a range', async () => {
    const listed = await at('dead-letters', 'list', '--order-ref', story.orderRef);
    expect(listed.out).toContain('the shop of TERMINAL answered 500');
    const nothing = await at('dead-letters', 'redrive');
    expect([nothing.code, nothing.err]).toEqual([2, 'waco: name ids, or say --all\n']);
    const range = ['--from', '2026-11-21T10:00:00Z', '--to', '2026-11-21T11:00:00Z'];
    const dry = await at('replay', ...range, '--dry-run');
    expect(dry.out).toMatch(/^would be queued again:\n +1 {2}dead letters\n +0 {2}skipped/);
    const redriven = await at('dead-letters', 'redrive', '--all');
    expect(redriven.out).toBe(`${story.deadLetterId} is back in line\n`);
    const replayed = await at('replay', ...range);
    expect(replayed.out).toMatch(/^queued again:\n +0 {2}dead letters[\s\S]*left alone:\n +4 {2}done\n/);
  });

  it('exports a person, and says when nothing is held by a name', async () => {
    const known = await at('people', 'export', '--phone', '050 123 4573');
    expect([known.code, known.err, JSON.parse(known.out).found]).toEqual([0, '', true]);
    const nobody = await at('people', 'export', '--phone', '+971 50 999 9999');
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('nothing is held by this name')]);
    expect(JSON.parse(nobody.out)).toMatchObject({ found: false, contacts: [] });
    const two = await at('people', 'export', '--phone', '6581234567x');
    expect([two.code, two.err]).toEqual([1, expect.stringContaining('write it with + and its country code')]);
  });

  it('tells an erasure of nobody from one that is done', async () => {
    const asked = await at('people', 'erase', '--phone', '+971 50 999 9999', '--no-wait', '--json');
    const { erasureId } = JSON.parse(asked.out) as { erasureId: string };
    const endedWith = async (report: object): Promise<Ended> => {
      await admin.owner.query(
        `UPDATE tenancy.erasures SET completed_at = now(), report = $2 WHERE erasure_id = $1`,
        [erasureId, report],
      );
      return at('people', 'erasure', erasureId);
    };
    const none = await endedWith({ contacts: 0, items: 0 });
    expect([none.code, none.out, none.err]).toEqual([
      1,
      expect.stringMatching(/^state +nothing_found$/m),
      expect.stringContaining('nothing is held by this name'),
    ]);
    const some = await endedWith({ contacts: 1, items: 2 });
    expect([some.code, some.out, some.err]).toEqual([0, expect.stringMatching(/^state +done$/m), '']);
  });
});
