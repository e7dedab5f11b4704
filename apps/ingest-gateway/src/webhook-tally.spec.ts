import type { RefusedWebhook, WebhookSender } from '#core/tenancy';
import { WebhookTally } from './webhook-tally.js';

const SHOP: WebhookSender = { merchantId: 'mer_1', port: 'store', kind: 'store', id: 'rest' };
const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 27, 10, 0, seconds));
const refusal = (seconds: number, reason: RefusedWebhook['reason'] = 'wrong_signature'): RefusedWebhook => ({
  at: at(seconds),
  reason,
  route: '/webhooks/store/:merchant',
  bytes: 10,
});

describe('webhooks of a sender, counted', () => {
  it('come out once, with times, reasons and the latest refusals', () => {
    const tally = new WebhookTally();
    tally.accept(SHOP, at(1));
    for (let i = 2; i < 12; i++) tally.refuse(SHOP, refusal(i, i % 2 ? 'malformed' : 'wrong_signature'));
    const [change] = tally.take(at(12));
    expect(change).toMatchObject({
      sender: SHOP,
      acceptedAt: at(1),
      refused: 10,
      refusedSince: at(2),
      refusedAt: at(11),
      reasons: { malformed: 5, wrong_signature: 5 },
    });
    expect(change!.latest.map((one) => one.at)).toEqual([11, 10, 9, 8, 7].map(at));
    expect(tally.take(at(12), true)).toEqual([]);
  });

  it('are written once a minute while all goes well, and at once after a refusal and at the end', () => {
    const tally = new WebhookTally();
    const accepted = (second: number, all?: boolean) => {
      tally.accept(SHOP, at(second));
      return tally.take(at(second), all).map((change) => change.acceptedAt);
    };
    expect(accepted(0)).toEqual([at(0)]);
    expect(accepted(30)).toEqual([]);
    expect(accepted(60)).toEqual([at(60)]);
    expect(accepted(61)).toEqual([]);
    tally.refuse(SHOP, refusal(62));
    expect(tally.take(at(63))).toMatchObject([{ acceptedAt: at(61), refused: 1 }]);
    expect(accepted(64)).toEqual([at(64)]);
    expect(accepted(65)).toEqual([]);
    expect(accepted(66, true)).toEqual([at(66)]);
  });

  it('count again when they could not be written', () => {
    const tally = new WebhookTally();
    tally.accept(SHOP, at(1));
    tally.refuse(SHOP, refusal(2));
    const changes = tally.take(at(3));
    tally.refuse(SHOP, refusal(4, 'malformed'));
    tally.giveBack(changes);
    expect(tally.take(at(5))).toMatchObject([
      {
        acceptedAt: at(1),
        refused: 2,
        refusedSince: at(2),
        refusedAt: at(4),
        reasons: { wrong_signature: 1, malformed: 1 },
        latest: [refusal(4, 'malformed'), refusal(2)],
      },
    ]);
  });

  it('take no more memory than for so many senders', () => {
    const tally = new WebhookTally(3);
    const sender = (n: number): WebhookSender => ({ ...SHOP, merchantId: `mer_${n}` });
    for (let n = 0; n < 10_000; n++) tally.refuse(sender(n), refusal(1));
    expect(tally.take(at(2)).map((change) => change.sender.merchantId)).toEqual(['mer_0', 'mer_1', 'mer_2']);
    // What is written down makes room.
    tally.accept(sender(9), at(3));
    expect(tally.take(at(3)).map((change) => change.sender.merchantId)).toEqual(['mer_9']);
  });
});
