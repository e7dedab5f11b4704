import { personOf } from '#core/messaging';
import type { ChannelItem } from '#vendors/kit';
import { splitWebhook } from './inbound.js';

/** The item of a webhook with one message. */
function message(more: object): ChannelItem {
  const sent = { from: '16505551234', id: 'wamid.1', timestamp: '1795256400', ...more };
  const value = { metadata: { phone_number_id: '106' }, messages: [sent] };
  const entry = [{ id: '102', changes: [{ field: 'messages', value }] }];
  const items = splitWebhook(
    { object: 'whatsapp_business_account', entry },
    new Date('2026-11-21T12:00:00Z'),
  );
  expect(items).toHaveLength(1);
  return items[0]!;
}

it.each(['62881205330143', '62881205330144', '628950000000004', '4915123456704'])(
  'hears %s, also when the number looks like one of a card',
  (from) => {
    expect(message({ from, type: 'text', text: { body: 'hi' } })).toMatchObject({
      kind: 'message',
      payload: { person: personOf({ phone: from }) },
    });
  },
);

it('masks a card number that stands where a long text is cut', () => {
  for (let before = 8_160; before < 8_195; before++) {
    const said = message({
      type: 'text',
      text: { body: `${'x '.repeat(before / 2)}4111 1111 1111 1111 and more` },
    });
    expect(JSON.stringify(said)).not.toMatch(/4111 1/);
  }
});
