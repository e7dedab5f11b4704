import type { TimelineItem } from './journal-items.js';
import type { MessageRow } from './messages.js';
import { threadTimeline } from './timeline.js';

const at = (ms: number): Date => new Date(Date.parse('2026-11-21T10:00:00.000Z') + ms);

function item(id: number, overrides: Partial<TimelineItem>): TimelineItem {
  return {
    id: String(id),
    name: 'conversation.receive-message.v1',
    source: 'whatsapp',
    service: 'conversation',
    externalId: `message/${id}`,
    occurredAt: at(0),
    dueAt: at(0),
    settledAt: null,
    parkedAt: null,
    outcome: null,
    reason: null,
    attempts: 0,
    redrives: 0,
    payload: { content: { type: 'text', text: `text ${id}` } },
    fact: null,
    asked: null,
    ...overrides,
  };
}

describe('a timeline', () => {
  it("puts a vendor's whole seconds among what happened in them", () => {
    const entries = threadTimeline(
      [
        item(10, { settledAt: at(700) }),
        item(9, { settledAt: at(200) }),
        item(11, {
          source: 'job',
          name: 'conversation.note-order.v1',
          occurredAt: at(400),
          payload: null,
        }),
        item(12, { occurredAt: at(2_000), settledAt: at(9_000) }),
      ],
      [],
      [],
    );
    expect(entries.map((e) => [e.title, e.at])).toEqual([
      ['the customer wrote: text 9', '2026-11-21T10:00:00.200Z'],
      ['the thread was told of the order', '2026-11-21T10:00:00.400Z'],
      ['the customer wrote: text 10', '2026-11-21T10:00:00.700Z'],
      ['the customer wrote: text 12', '2026-11-21T10:00:02.999Z'],
    ]);
  });

  it('keeps the moments of one message in their order, whatever clock they are by', () => {
    const message = {
      messageId: 'msg_1',
      orderRef: null,
      verdict: null,
      error: null,
      content: { type: 'text', body: 'Hello' },
      createdAt: at(1_100),
      acceptedAt: at(1_300),
      sentAt: at(0),
      deliveredAt: at(1_000),
      readAt: at(5_000),
    } as unknown as MessageRow;
    expect(threadTimeline([], [message], []).map((e) => e.title)).toEqual([
      'message is to be said: Hello',
      'message was taken by the channel',
      'message was sent',
      'message was delivered',
      'message was read',
    ]);
  });

  it('shows a timer when it goes off', () => {
    const timer = item(1, {
      source: 'job',
      name: 'checkout.expire-order.v1',
      occurredAt: at(100),
      dueAt: at(60_000),
      payload: null,
    });
    expect(threadTimeline([timer], [], [])[0]?.at).toBe('2026-11-21T10:01:00.000Z');
  });
});
