import { splitWebhook } from '#adapters/whatsapp-cloud';
import type { OrderFact } from '#core/checkout';
import { phoneOf, userIdOf, type PersonRef } from '#core/messaging';
import { until } from '#testing';
import { Stand as OutboundStand, type Customer } from '../../outbound/test/support/stand.js';
import { freePort, Stand } from './support/stand.js';

const SHIPPED: OrderFact = { kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: 'AX1' } };
/** What conversation asks of outbound is brought by the sweep here: the two share no queue. */
const WITHIN_MS = 25_000;

describe('a person who was known under two names, on conversation and outbound', () => {
  let outbound: OutboundStand;
  let conversation: Stand;
  let customer: Customer;
  /** All names, as Meta gives them with a message. */
  let person: PersonRef;

  beforeAll(async () => {
    outbound = await OutboundStand.start();
    const { database, merchant, world } = outbound;
    conversation = await Stand.open({ database, merchant, rpcPort: await freePort() });
    customer = await outbound.customer({ greets: false });
    // Meta's window is open from here on; ours only knows of what it is told.
    await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: 'hi' });
    person = await until('Meta names the person', () =>
      world.receiver.deliveries
        .flatMap(({ body }) => splitWebhook(body, new Date()))
        .flatMap((item) => (item.kind === 'message' ? [item.payload.person] : []))
        .at(-1),
    );
  }, 60_000);
  afterAll(async () => {
    await conversation.close();
    await outbound.stop();
  });

  const messages = () =>
    conversation.sql<{ message_id: string; contact_id: string; state: string }>(
      `SELECT message_id, contact_id, state FROM outbound.messages WHERE merchant_id = $1 ORDER BY seq`,
      [conversation.merchant.merchantId],
    );
  const inLine = async (count: number): Promise<void> => {
    await until('they wait in their lines', async () => (await messages()).length === count, WITHIN_MS);
  };

  it('gets all that waited for either name, in order and once, when the person writes under both', async () => {
    const longAgo = { sentAt: new Date(Date.now() - 25 * 3_600_000).toISOString() };
    await conversation.give(conversation.message({ phone: phoneOf(person) }, 'my orders', longAgo));
    await conversation.give(conversation.message({ userId: userIdOf(person) }, 'my orders', longAgo));
    const [first, second] = await conversation.threads();
    await inLine(2);
    // It has a template fallback and hence no deadline, and the merchant has no template.
    await conversation.give(conversation.fact(second!, 'W2', SHIPPED));
    await inLine(3);
    await conversation.give(conversation.fact(first!, 'W1', SHIPPED));
    await inLine(4);
    expect(new Set((await messages()).map((m) => m.contact_id)).size).toBe(2);
    expect((await messages()).some((m) => m.state === 'delivered')).toBe(false);

    await conversation.chat(person, 'my orders');
    const [contact] = await conversation.contacts();
    await until(
      'all of it is delivered',
      async () => {
        const all = await messages();
        return all.length === 5 && all.every((m) => m.state === 'delivered' && m.contact_id === contact);
      },
      WITHIN_MS,
    );
    const shown = await outbound.shown(customer);
    expect(shown.map((text) => /W[12]/.exec(text)?.[0])).toEqual([
      undefined,
      undefined,
      'W2',
      'W1',
      expect.anything(),
    ]);
    for (const { message_id: id } of await messages()) {
      expect((await outbound.asked(id)).accepted).toHaveLength(1);
    }
  }, 90_000);
});
