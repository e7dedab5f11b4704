import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAdmin, type AdminUnderTest } from './support.js';
import { runWaco, type Ended } from './waco.js';

const SECRETS = {
  WACO_STORE_API_KEY: 'shop-key-of-the-terminal',
  WACO_STORE_WEBHOOK_SECRET: 'shop-secret-of-the-terminal',
  WACO_STRIPE_SECRET_KEY: 'sk_test_keyoftheterminal',
  WACO_STRIPE_WEBHOOK_SECRET: 'whsec_secretoftheterminal',
};

describe('the command-line client, connecting', () => {
  let admin: AdminUnderTest;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waco-cli-'));
    admin = await startAdmin({ STRIPE_BASE_URL: 'http://127.0.0.1:9' });
  });
  afterAll(async () => {
    await admin.close();
    rmSync(folder, { recursive: true });
  });

  const waco = (args: string[], env?: Record<string, string>): Promise<Ended> =>
    runWaco(admin, folder, args, env);

  it('says which field of a file is missing when nobody can be asked', async () => {
    const file = join(folder, 'half.json');
    writeFileSync(file, JSON.stringify({ merchant: { slug: 'half', name: 'Half' } }));
    const ended = await waco(['onboard', '--file', file]);
    expect(ended).toEqual({ code: 2, out: '', err: 'waco: merchant.country is missing in the file\n' });
    const alone = await waco(['onboard']);
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('--file')]);
  });

  const SHOP = { region: 'AE', baseUrl: 'https://shop.example' };
  it.each<[string, object, string]>([
    ['a misspelt kind', { whatsap: {} }, 'whatsap in the file is none of waco vendors list'],
    ['a misspelt field', { store: { ...SHOP, bogus: 1 } }, 'store has no bogus: see waco vendors list'],
    [
      'a secret',
      { store: { ...SHOP, apiKey: 'k' } },
      'store.apiKey: secrets never stand in the file, name another with apiKeyFile',
    ],
    ['no object', { whatsapp: 5 }, 'whatsapp in the file must be an object'],
    [
      'a kind of shop that is none',
      { store: { ...SHOP, kind: 'shop' } },
      'store.kind in the file is none of',
    ],
  ])('takes nobody on by a file with %s', async (_what, wrong, says) => {
    const file = join(folder, 'wrong.json');
    const merchant = { slug: 'never-there', name: 'Never', country: 'AE', currency: 'AED' };
    writeFileSync(file, JSON.stringify({ merchant, ...wrong }));
    const ended = await waco(['onboard', '--file', file], SECRETS);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(says)]);
    const { rows } = await admin.owner.query(`SELECT 1 FROM tenancy.merchants WHERE slug = 'never-there'`);
    expect(rows).toEqual([]);
  });

  it('connects several payment accounts of one provider, and a shop by one of two ways to sign in', async () => {
    const file = join(folder, 'several.json');
    const merchant = { slug: 'two-accounts', name: 'Two', country: 'AE', currency: 'AED' };
    writeFileSync(file, JSON.stringify({ merchant, stripe: {}, 'stripe-sa': {} }));
    const ended = await waco(['onboard', '--file', file, '--wait', '0', '-m', 'two-accounts'], SECRETS);
    // Nobody answers here: what was stored has no tick, and is named.
    expect(ended.err).toMatch(
      /✖ stripe stored, but a call with it failed: it does not answer\n.*stripe\/mer_\w+\n✖ stripe-sa stored, but/,
    );
    expect(ended.code).toBe(1);
    expect((await waco(['connections', 'list', '-m', 'two-accounts'])).out).toMatch(
      /stripe-sa +payment account +stored, not yet tried/,
    );
    expect((await waco(['onboard', '--file', file, '--wait', 'abc'])).code).toBe(2);
    const at = (...args: string[]) => waco(['connect', ...args, '-m', 'two-accounts'], SECRETS);
    const vendure = await at(
      'vendure',
      ...[
        '--base-url',
        'https://shop.example',
        '--country',
        'AE',
        '--region',
        'AE',
        '--channel-token',
        'shop',
      ],
      ...['--max-age-seconds', '60'],
    );
    expect(vendure.code).toBe(1);
    expect(vendure.out).toMatch(/test +stored, but a call with it failed: transient, /);
    expect(vendure.out).toMatch(/maxAgeSeconds\s+60/);
    expect((await at('stripe', 'region', 'AE')).err).toContain('options: --name value');
    expect((await at('stripe', '--bogus', 'x')).err).toContain('stripe has no option --bogus');
    expect((await at('store', '--account', 'x')).err).toContain('payment providers only');
  });
});
