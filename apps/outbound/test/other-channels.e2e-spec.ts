import { recordStatus } from '#contracts';
import type { ChannelRules } from '#core/outbound';
import { FAKE_CODES, FakeChannel, SAMPLE_RULES, STRICT } from '#core/outbound/testing';
import { until } from '#testing';
import { Channels } from '../src/send/channel.js';
import { Stand, TIMEOUT_MS } from './support/stand.js';

/** Nobody waits so long in these tests. */
const LONG_MS = 300_000;

/** The service sends on channels that do not exist: what it does comes from their rules alone. */
describe('a channel with other rules', () => {
  let stand: Stand;
  let fake: FakeChannel;

  beforeAll(async () => {
    stand = await Stand.start('postgres', { settings: { INDETERMINATE_GRACE_MS: String(LONG_MS) } });
    const channels = stand.app.get(Channels, { strict: false });
    channels.open = async () => ({
      port: fake,
      messagesPerSecond: fake.rules.throughput.most,
      timeoutMs: TIMEOUT_MS,
    });
    channels.of = () => fake;
  }, 60_000);
  afterAll(() => stand.stop());

  const on = (rules: ChannelRules) => (fake = new FakeChannel(rules));

  it('without a window is free to write to somebody who never wrote', async () => {
    on(SAMPLE_RULES['one without a window']);
    const id = await stand.send(await stand.customer({ greets: false }), 'news');
    const message = await stand.reaches(id, 'accepted');
    expect(message.verdict).toMatchObject({
      decision: 'send_free_form',
      facts: { windowOpen: true, windowClosesAt: null },
    });
    expect(fake.arrived).toMatchObject([{ messageId: id, shown: { body: 'news' } }]);
  });

  it('that takes nothing outside its window has the message wait for the customer', async () => {
    on(SAMPLE_RULES['one that takes nothing outside its window']);
    const customer = await stand.customer({ greets: false });
    const id = await stand.send(customer, 'your order', {
      template: { purpose: 'order_shipped', facts: {} },
    });
    const message = await stand.reaches(id, 'waiting');
    expect(message.verdict).toMatchObject({ decision: 'wait_for_customer', why: 'window_closed' });
    await stand.opens(customer, stand.now);
    await stand.reaches(id, 'accepted');
  });

  it('whose sends are idempotent is called again at once when an answer is lost, and marks no duplicate', async () => {
    on(SAMPLE_RULES['one that allows anything, and knows texts only']);
    fake.loseNextAnswer();
    const id = await stand.send(await stand.customer({ greets: false }), 'once');
    const message = await stand.reaches(id, 'accepted');
    expect(message).toMatchObject({ sends: 2, possible_duplicate: false });
    expect(fake.arrived).toHaveLength(1);
  });

  it('says itself what its refusals mean, as an answer and later as a status', async () => {
    on({ ...STRICT, window: null });
    const customer = await stand.customer({ greets: false });
    fake.refuseNext(FAKE_CODES.tooMuch);
    const id = await stand.send(customer, 'too much');
    const message = await stand.reaches(id, 'accepted');
    expect(message).toMatchObject({ sends: 2, error: { code: FAKE_CODES.tooMuch, class: 'pair_rate' } });

    const { channelAccountId } = stand.merchant;
    const failed = {
      channelAccountId,
      channelMessageId: message.channel_message_id!,
      messageId: id,
      status: 'failed' as const,
      at: stand.now.toISOString(),
    };
    await stand.emit(recordStatus, { ...failed, errors: [{ code: FAKE_CODES.nobody, title: 'gone' }] });
    expect((await stand.reaches(id, 'failed')).error).toMatchObject({
      code: FAKE_CODES.nobody,
      class: 'recipient',
    });

    const other = await stand.send(customer, 'no reason');
    const { channel_message_id } = await stand.reaches(other, 'accepted');
    await stand.emit(recordStatus, {
      ...failed,
      channelMessageId: channel_message_id!,
      messageId: other,
      errors: [],
    });
    const refused = await until('what was refused is kept', async () => {
      const found = await stand.message(other);
      return found?.error ?? undefined;
    });
    expect(refused).toMatchObject({
      code: STRICT.codeOfNone,
      class: 'transient',
      details: 'failed without a reason',
    });
  });
});
