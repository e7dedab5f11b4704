import { cpuUsage } from 'node:process';
import { parseAmount } from '#core/catalog';
import { readIntent, type Intent } from './intent.js';

const read = (text: string): Intent => readIntent({ type: 'text', text }, 'AED');
const tap = (id: string, title = ''): Intent => readIntent({ type: 'choice', id, title }, 'AED');
const aed = (minor: number) => ({ minor, currency: 'AED' });

describe('what a customer writes', () => {
  it.each([
    'hi', 'Hi!', 'HELLO 👋', 'hey there', 'good morning', 'Salam', 'Assalamu alaikum', 'as-salamu alaykum!',
    'مرحبا', 'مرحباً', 'السلام عليكم', 'السلام علیکم ورحمة الله وبركاته', 'أهلا وسهلا', 'صباح الخير', 'هلا',
    'नमस्ते', 'नमस्ते जी', 'नमस्कार', 'हैलो', 'Namaste 🙏', 'help',
  ])('%j opens the shop', (text) => {
    expect(read(text)).toEqual({ kind: 'menu' });
  }); // prettier-ignore

  it.each<[string, string, number]>([
    ['black hoodie under 100', 'black hoodie', 10_000],
    ['Show me some sneakers below AED 250 please', 'sneakers', 25_000],
    ['hoodie under 100 red', 'hoodie red', 10_000],
    ['hoodie < 99.50', 'hoodie', 9_950],
    ['rugs cheaper than 1,200 dirhams', 'rugs', 120_000],
    ['oud, max 300 AED', 'oud', 30_000],
    ['max price 80 t-shirt', 't-shirt', 8_000],
    ['under 50', '', 5_000],
    ['عباية سوداء تحت ٢٠٠ درهم', 'عباية سوداء', 20_000],
    ['hi, do you have black hoodies?', 'black hoodies', 0],
    ['السلام عليكم عندكم عباية', 'عندكم عباية', 0],
    ['Hello Kitty shirt', 'Kitty shirt', 0],
    // Words of products that are phrases elsewhere.
    ['track pants', 'track pants', 0],
    ['black tracksuit', 'black tracksuit', 0],
    ['track and field shoes', 'track and field shoes', 0],
    ['return gift', 'return gift', 0],
    ['return gifts for kids under 40', 'return gifts kids', 4_000],
    ['Return of the King poster', 'Return of King poster', 0],
    ['nike air max 90', 'nike air max 90', 0],
    ['arch support insoles', 'arch support insoles', 0],
    ['human made tee', 'human made tee', 0],
    ['travel agent bag', 'travel agent bag', 0],
    ['home decor', 'home decor', 0],
    ['shop lamp', 'shop lamp', 0],
    ['stop watch', 'stop watch', 0],
    ['cart cover', 'cart cover', 0],
    ['hiking boots', 'hiking boots', 0],
    ['evening dress', 'evening dress', 0],
    ['yo-yo', 'yo-yo', 0],
    ['payal anklet', 'payal anklet', 0],
    ['cool shirt', 'cool shirt', 0],
  ])('%j looks for %j', (text, words, ceiling) => {
    expect(read(text)).toEqual({
      kind: 'search',
      text: words,
      ...(ceiling ? { maxPrice: aed(ceiling) } : {}),
    });
  });

  it.each([
    ['black hoodie under $50', 'AED', 'black hoodie', 'under $50'],
    ['hoodie under 50 usd', 'KWD', 'hoodie', 'under 50 usd'],
    ['under 200 euros', 'AED', '', 'under 200 euros'],
    ['lamp less than rs. 900', 'AED', 'lamp', 'less than rs. 900'],
    ['lamp below 90 riyals', 'AED', 'lamp', 'below 90 riyals'],
    ['hoodie max £40', 'INR', 'hoodie', 'max £40'],
    ['काली हुडी 500 रुपये से कम', 'AED', 'काली हुडी', '500 रुपये से कम'],
  ])('%j in a shop that sells in %s looks for %j, without a ceiling', (text, currency, words, uncompared) => {
    expect(readIntent({ type: 'text', text }, currency)).toEqual({ kind: 'search', text: words, uncompared });
  });

  it.each([
    ['hoodie under $50', 'USD'],
    ['hoodie under 50 dollars', 'SGD'],
    ['hoodie under 50 dhs', 'AED'],
    ['hoodie under 50 riyals', 'QAR'],
    ['hoodie under rs 50', 'INR'],
    ['hoodie 50 रुपये से कम', 'INR'],
    ['hoodie under 50', 'KWD'],
    ['hoodie under £50', 'EGP'],
  ])('%j in a shop that sells in %s has a ceiling in its currency', (text, currency) => {
    const maxPrice = parseAmount('50', currency);
    expect(readIntent({ type: 'text', text }, currency)).toEqual({
      kind: 'search',
      text: 'hoodie',
      maxPrice,
    });
  });

  it.each([
    'where is my order?', 'Where’s my parcel', 'hi, where is my order', 'track my order', 'Track order', 'tracking',
    'order status', 'when will my package arrive?', 'my orders', 'وين طلبي؟', 'أين طلبي', 'मेरा ऑर्डर कहाँ है',
    'can you check the status of my order please',
  ])('%j asks for orders', (text) => {
    expect(read(text)).toEqual({ kind: 'track' });
  }); // prettier-ignore

  it.each([
    'agent', 'I want to talk to a human', 'can I speak with someone', 'customer support please', 'refund',
    'I want a refund!', 'how do I return my order', 'I want to return this hoodie', 'return policy', 'complaint',
    'موظف', 'خدمة العملاء',
  ])('%j asks for a person', (text) => {
    expect(read(text)).toEqual({ kind: 'human' });
  }); // prettier-ignore

  it.each<[string, Intent['kind']]>([
    ['my cart', 'view_cart'],
    ['Show my cart please', 'view_cart'],
    ['checkout', 'checkout'],
    ['Check out!', 'checkout'],
    ['I want to pay now', 'checkout'],
    ['yes, go on', 'yes'],
    ['cancel my order', 'cancel'],
    ['STOP', 'cancel'],
    ['menu', 'bot'],
    ['bot', 'bot'],
    ['thanks!', 'none'],
    ['شكراً', 'none'],
    ['👍', 'none'],
    ['  ', 'unreadable'],
  ])('%j is %s', (text, kind) => {
    expect(read(text).kind).toBe(kind);
  });

  it('looks for no more than a query can hold', () => {
    const intent = read('hoodie '.repeat(600));
    expect(intent.kind === 'search' && intent.text.length).toBeLessThanOrEqual(200);
  });

  it('is read in a time that does not explode', () => {
    const before = cpuUsage().user;
    for (const unit of ['where my ', 'hi ', 'a ', 'السلام ', '9,', 'my order '])
      read(unit.repeat(4_096 / unit.length));
    // Some milliseconds. A pattern that tries all ways to match would take hours.
    expect((cpuUsage().user - before) / 1_000).toBeLessThan(10_000);
  });
});

describe('what a customer taps', () => {
  it.each<[string, Intent]>([
    ['menu', { kind: 'menu' }],
    ['cat|hoodies', { kind: 'category', id: 'hoodies', title: 'Hoodies' }],
    ['prod|A|B', { kind: 'product', sku: 'A|B' }],
    ['add|SKU-1', { kind: 'add', sku: 'SKU-1' }],
    ['qty|A|B|3', { kind: 'set_quantity', sku: 'A|B', quantity: 3 }],
    ['qty|SKU-1|100', { kind: 'edit_line', sku: 'SKU-1|100' }],
    ['edit_cart', { kind: 'edit_cart', from: 0 }],
    ['edit_cart|9', { kind: 'edit_cart', from: 9 }],
    ['bot', { kind: 'bot' }],
    ['checkout', { kind: 'checkout' }],
  ])('%s', (id, intent) => {
    expect(tap(id, 'Hoodies')).toEqual(intent);
  });

  it('takes a button that is not ours by what is on it', () => {
    expect(tap('some-payload', 'Track my order')).toEqual({ kind: 'track' });
    expect(tap('Track my order')).toEqual({ kind: 'track' });
    expect(tap('promo|x', 'Black hoodies')).toEqual({ kind: 'search', text: 'Black hoodies' });
  });
});

it.each<[object, Intent['kind']]>([
  [{ type: 'media', kind: 'image', mediaId: 'm' }, 'unreadable'],
  [{ type: 'location', latitude: 1, longitude: 2 }, 'unreadable'],
  [{ type: 'unsupported', kind: 'poll' }, 'unreadable'],
  [{ type: 'reaction', messageId: 'm', emoji: '👍' }, 'none'],
  [{ type: 'revoked', messageId: 'm' }, 'none'],
])('%j is %s', (content, kind) => {
  expect(readIntent(content as never, 'AED').kind).toBe(kind);
});
