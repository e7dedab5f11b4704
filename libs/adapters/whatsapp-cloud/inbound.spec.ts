import { personOf, spelledId } from '#core/messaging';
import { NotAWebhook, type ChannelItem } from '#vendors/kit';
import { splitWebhook } from './inbound.js';

const receivedAt = new Date('2026-11-21T12:00:00.000Z');
const AT = '1795256400';
const ISO = new Date(1_795_256_400_000).toISOString();

function change(value: object, field = 'messages', entry: object = {}): object {
  const metadata = { phone_number_id: '106' };
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: '102', ...entry, changes: [{ field, value: { metadata, ...value } }] }],
  };
}

function split(value: object, field?: string, entry?: object): ChannelItem[] {
  return splitWebhook(change(value, field, entry), receivedAt);
}

/** The only item of a body with one message. */
function message(more: object, contacts: object[] = []): ChannelItem {
  const messages = [{ from: '16505551234', id: 'wamid.1', timestamp: AT, ...more }];
  const items = split({ contacts, messages });
  expect(items).toHaveLength(1);
  return items[0]!;
}

function content(type: string, body: unknown): unknown {
  const item = message({ type, [type]: body });
  return item.kind === 'message' ? item.payload.content : item;
}

describe('envelope', () => {
  it.each([null, [], 'x', 7, {}, { object: 'page', entry: [] }, { object: 'whatsapp_business_account' }])(
    'says what is wrong with %j',
    (body) => {
      expect(() => splitWebhook(body, receivedAt)).toThrow(NotAWebhook);
    },
  );

  it('takes entries, changes, messages and statuses in the order of the body', () => {
    const text = (id: string): object => ({ from: '1', id, timestamp: AT, type: 'text', text: { body: id } });
    const value = (ids: string[]): object => ({
      metadata: { phone_number_id: '106' },
      messages: ids.map(text),
    });
    const body = {
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '102',
          changes: [
            { field: 'messages', value: value(['a', 'b']) },
            { field: 'messages', value: value(['c']) },
          ],
        },
        { id: '103', changes: [{ field: 'messages', value: value(['d']) }] },
      ],
    };
    const items = splitWebhook(body, receivedAt);
    expect(items.map((i) => [i.accountId, i.externalId])).toEqual([
      ['102', 'message/106/text/a'],
      ['102', 'message/106/text/b'],
      ['102', 'message/106/text/c'],
      ['103', 'message/106/text/d'],
    ]);
  });

  it('says once what a body says twice', () => {
    const m = { from: '1', id: 'wamid.1', timestamp: AT, type: 'text', text: { body: 'hi' } };
    expect(split({ messages: [m, m] })).toHaveLength(1);
  });

  it('keeps fields that it does not know beside messages that it does', () => {
    const m = { from: '1', id: 'wamid.1', timestamp: AT, type: 'text', text: { body: 'hi' } };
    const items = split({ messages: [m], novelty: { a: 1 } });
    expect(items).toMatchObject([
      { kind: 'message' },
      { kind: 'ignored', payload: { value: { novelty: { a: 1 } } } },
    ]);
  });

  it('finds what stands in standby, wherever that is nested', () => {
    const value = {
      metadata: { phone_number_id: '106' },
      messages: [{ from: '1', id: 'wamid.1', timestamp: AT, type: 'text', text: { body: 'hi' } }],
    };
    const entries = [
      { id: '102', changes: [{ field: 'standby', value }] },
      { id: '102', changes: [{ field: 'messages', value: { standby: [value] } }] },
      { id: '102', standby: [value] },
      { id: '102', standby: [{ field: 'messages', value }] },
    ];
    for (const entry of entries) {
      const items = splitWebhook({ object: 'whatsapp_business_account', entry: [entry] }, receivedAt);
      expect(items).toMatchObject([
        {
          kind: 'message',
          senderId: '106',
          externalId: 'message/106/text/wamid.1',
          payload: { standby: true },
        },
      ]);
    }
  });

  it('ignores nothing silently: errors, echoes, group messages, what has no id', () => {
    const items = split({
      errors: [{ code: 130429 }],
      message_echoes: [{ id: 'wamid.e', timestamp: AT, text: { body: 'hi' } }],
      messages: [{ from: '1', id: 'wamid.g', group_id: 'g', type: 'text' }, { from: '1' }, 7],
      statuses: [{ status: 'sent' }, { id: 'wamid.p', type: 'payment', status: 'captured' }],
    });
    expect(items.map((i) => (i.kind === 'ignored' ? i.reason : i.kind))).toEqual([
      'a message to a group',
      'a message without a usable id',
      'a message without a usable id',
      'a status without a usable message id',
      'the status of a native payment',
      'an error that Meta reports',
      'an echo of what the business itself said',
    ]);
  });
});

describe('content', () => {
  it.each([
    ['text', { body: 'hi' }, { type: 'text', text: 'hi' }],
    ['button', { payload: 'p', text: 'Track' }, { type: 'choice', id: 'p', title: 'Track' }],
    [
      'interactive',
      { type: 'list_reply', list_reply: { id: 'row', title: 'Row' } },
      { type: 'choice', id: 'row', title: 'Row' },
    ],
    [
      'interactive',
      { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes' } },
      { type: 'choice', id: 'yes', title: 'Yes' },
    ],
    [
      'order',
      {
        catalog_id: 7,
        text: 'gift',
        product_items: [
          { product_retailer_id: 'A', quantity: 2, item_price: 89.5, currency: 'AED' },
          { product_retailer_id: 'B', quantity: '1' },
          { product_retailer_id: '4318362953880674', quantity: 1 },
          { product_retailer_id: 'C', quantity: 0 },
          { quantity: 1 },
        ],
      },
      {
        type: 'cart',
        catalogId: '7',
        note: 'gift',
        lines: [
          { sku: 'A', quantity: 2, seenPrice: 89.5 },
          { sku: 'B', quantity: 1 },
          { sku: spelledId('4318362953880674'), quantity: 1 },
        ],
      },
    ],
    [
      'location',
      { latitude: 25.1, longitude: '55.2', name: 'Home' },
      { type: 'location', latitude: 25.1, longitude: 55.2, name: 'Home' },
    ],
    ['image', { id: '1', caption: 'c' }, { type: 'media', kind: 'image', mediaId: '1', caption: 'c' }],
    ['video', { id: '1' }, { type: 'media', kind: 'video', mediaId: '1' }],
    ['audio', { id: 1, voice: true }, { type: 'media', kind: 'audio', mediaId: '1' }],
    ['document', { id: '1', filename: 'f' }, { type: 'media', kind: 'document', mediaId: '1' }],
    ['sticker', { id: '1' }, { type: 'media', kind: 'sticker', mediaId: '1' }],
    [
      'contacts',
      [{ phones: [{ phone: '+1 650' }, { wa_id: '1650' }] }, {}],
      { type: 'contacts', phones: ['+1 650', '1650'] },
    ],
    ['reaction', { message_id: 'w', emoji: '👍' }, { type: 'reaction', messageId: 'w', emoji: '👍' }],
    ['reaction', { message_id: 'w' }, { type: 'reaction', messageId: 'w', emoji: null }],
    ['revoke', { original_message_id: 'w' }, { type: 'revoked', messageId: 'w' }],
    [
      'unsupported',
      { type: 'poll' },
      { type: 'unsupported', kind: 'unsupported.poll', original: { unsupported: { type: 'poll' } } },
    ],
    [
      'edit',
      { original_message_id: 'w' },
      { type: 'unsupported', kind: 'edit', original: { edit: { original_message_id: 'w' } } },
    ],
    [
      'telepathy',
      { thought: 1 },
      { type: 'unsupported', kind: 'telepathy', original: { telepathy: { thought: 1 } } },
    ],
    // Known types with a body that is not as documented are not lost either.
    ['text', 'hi', { type: 'unsupported', kind: 'text', original: { text: 'hi' } }],
    [
      'order',
      { product_items: [] },
      { type: 'unsupported', kind: 'order', original: { order: { product_items: [] } } },
    ],
    [
      'location',
      { latitude: 'x' },
      { type: 'unsupported', kind: 'location', original: { location: { latitude: 'x' } } },
    ],
  ])('reads %s %j', (type, body, expected) => {
    expect(content(type, body)).toEqual(expected);
  });

  it('keeps a flow reply, whose answer is text inside text', () => {
    const body = { type: 'nfm_reply', nfm_reply: { name: 'flow', response_json: '{"size":"M"}' } };
    expect(content('interactive', body)).toEqual({
      type: 'unsupported',
      kind: 'interactive.nfm_reply',
      original: { interactive: body },
    });
  });
});

describe('time', () => {
  it('is when the customer sent it', () => {
    const item = message({ type: 'text', text: { body: 'x' } });
    expect(item).toMatchObject({ occurredAt: new Date(ISO), payload: { sentAt: ISO } });
  });

  it.each([undefined, '', 'soon', '-1', '99999999999999', 1e300, {}])(
    'falls back when it is %j',
    (timestamp) => {
      const item = message({ type: 'text', text: { body: 'x' }, timestamp });
      expect(item).toMatchObject({ occurredAt: receivedAt, payload: { sentAt: receivedAt.toISOString() } });
    },
  );
});

describe('change of identity', () => {
  it('from one number to another', () => {
    const item = message({ type: 'system', system: { type: 'user_changed_number', wa_id: '1999' } });
    expect(item).toMatchObject({
      kind: 'identity',
      externalId: 'message/106/system/wamid.1',
      payload: {
        previous: personOf({ phone: '16505551234' }),
        current: personOf({ phone: '1999' }),
        messageId: 'wamid.1',
      },
    });
  });

  it('from one user id to another, with and without a number', () => {
    const system = {
      type: 'user_changed_user_id',
      previous_user_id: 'US.1',
      user_id: 'US.2',
      previous_parent_user_id: 'US.ENT.1',
    };
    expect(message({ from: undefined, type: 'system', system })).toMatchObject({
      payload: {
        previous: personOf({ userId: 'US.1', parentUserId: 'US.ENT.1' }),
        current: personOf({ userId: 'US.2' }),
      },
    });
    expect(message({ type: 'system', system })).toMatchObject({
      payload: { current: personOf({ userId: 'US.2', phone: '16505551234' }) },
    });
  });

  it('is ignored when it does not say from whom to whom', () => {
    const bad = [{ type: 'user_changed_number' }, { type: 'customer_identity_changed' }, {}];
    for (const system of bad) expect(message({ type: 'system', system }).kind).toBe('ignored');
  });
});

describe('statuses', () => {
  const status = (more: object): ChannelItem =>
    split({ statuses: [{ id: 'wamid.1', timestamp: AT, recipient_id: '1', ...more }] })[0]!;

  it('carry our own id, errors and price', () => {
    const item = status({
      status: 'failed',
      biz_opaque_callback_data: 'msg_1',
      errors: [{ code: 131047, title: 'Re-engagement', error_data: { details: 'more than 24 hours' } }],
      pricing: { billable: true, type: 'regular', category: 'utility', pricing_model: 'PMP' },
    });
    expect(item).toEqual({
      field: 'messages',
      accountId: '102',
      senderId: '106',
      externalId: `status/wamid.1/failed/${AT}`,
      occurredAt: new Date(ISO),
      kind: 'status',
      payload: {
        channelMessageId: 'wamid.1',
        messageId: 'msg_1',
        status: 'failed',
        at: ISO,
        errors: [{ code: 131047, title: 'Re-engagement', details: 'more than 24 hours' }],
        pricing: { billable: true, type: 'regular', category: 'utility' },
      },
    });
  });

  it.each([
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'read'],
    ['played', 'played'],
    ['held_for_quality_assessment', 'held'],
    ['warning', 'other'],
    [undefined, 'other'],
  ])('%s is %s', (word, expected) => {
    expect(status({ status: word })).toMatchObject({ payload: { status: expected } });
  });

  it('with the same word at another time are two, and two unknown words as well', () => {
    const ids = [
      { status: 'read' },
      { status: 'read', timestamp: '1795256401' },
      { status: 'warning' },
      { status: 'deleted' },
    ].map((s) => status(s).externalId);
    expect(new Set(ids).size).toBe(4);
  });
});

describe('templates', () => {
  const value = {
    event: 'PAUSED',
    message_template_id: 1,
    message_template_name: 'order_shipped',
    message_template_language: 'en',
    reason: 'NONE',
    other_info: { title: 'FIRST_PAUSE' },
  };
  const template = (field: string, more: object = {}, time: unknown = 1_795_256_400): ChannelItem =>
    splitWebhook(
      {
        object: 'whatsapp_business_account',
        entry: [{ id: '102', time, changes: [{ field, value: { ...value, ...more } }] }],
      },
      receivedAt,
    )[0]!;

  it('are told by their shape, whatever the field', () => {
    for (const field of ['message_template_status_update', 'something_else']) {
      expect(template(field)).toMatchObject({
        kind: 'template',
        payload: {
          businessAccountId: '102',
          name: 'order_shipped',
          language: 'en',
          event: 'PAUSED',
          reason: 'FIRST_PAUSE',
          at: ISO,
        },
      });
    }
  });

  it('pause a second time as another event', () => {
    const again = template('f', {}, 1_795_300_000).externalId;
    expect(again).not.toBe(template('f').externalId);
    expect(template('f').externalId).toBe(template('f').externalId);
  });

  it('with a quality score are no status, even under the field of one', () => {
    const quality = { event: undefined, new_quality_score: 'RED' };
    expect(template('message_template_status_update', quality).kind).toBe('ignored');
  });
});
