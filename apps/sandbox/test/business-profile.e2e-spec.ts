import { PHONE_ID, WABA_ID, World, type Answer } from './support/world.js';

const EDGE = `${PHONE_ID}/whatsapp_business_profile`;
const PROFILE = {
  about: 'Clothes from Dubai',
  address: '1 Al Wasl Road, Dubai',
  description: 'We sell what we wear.',
  email: 'hello@shop.example',
  vertical: 'APPAREL',
  websites: ['https://shop.example/', 'https://shop.example/about'],
};
const x = (count: number) => 'x'.repeat(count);

describe('the business profile', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const change = (fields: Answer) => world.graph('POST', EDGE, { messaging_product: 'whatsapp', ...fields });
  const read = async (fields?: string) =>
    (await world.graph('GET', fields === undefined ? EDGE : `${EDGE}?fields=${fields}`)).body;

  it('is empty at first, then what was written, field by field', async () => {
    expect(await read()).toEqual({ data: [{ messaging_product: 'whatsapp' }] });
    expect(await change(PROFILE)).toEqual({ status: 200, body: { success: true } });
    expect(await read('about,address,description,email,profile_picture_url,websites,vertical')).toEqual({
      data: [{ ...PROFILE, messaging_product: 'whatsapp' }],
    });
    await change({ about: 'Open till late', email: '' });
    expect(await read('about,email,vertical')).toEqual({
      data: [{ about: 'Open till late', vertical: 'APPAREL', messaging_product: 'whatsapp' }],
    });
  });

  it('takes each field at its limit', async () => {
    const longest = {
      about: x(139),
      address: x(256),
      description: x(512),
      email: `${x(116)}@a.example`,
      websites: [`https://a.example/${x(238)}`],
    };
    expect((await change(longest)).status).toBe(200);
  });

  it('refuses what is beyond, and changes nothing then', async () => {
    await change(PROFILE);
    for (const wrong of [
      { about: x(140) },
      { about: '' },
      { about: '  ' },
      { about: 5 },
      { address: x(257) },
      { description: x(513) },
      { email: `${x(119)}@a.example` },
      { email: 'nobody' },
      { vertical: 'SHOES' },
      { websites: ['https://a.example', 'https://b.example', 'https://c.example'] },
      { websites: ['shop.example'] },
      { websites: [`https://a.example/${x(239)}`] },
      { websites: 'https://a.example' },
      { websites: [null] },
      { profile_picture_handle: '4:aGFuZGxl' },
      { colour: 'red' },
      { description: 'good', messaging_product: 'telegram' },
      { description: 'good', messaging_product: undefined },
    ] as Answer[]) {
      const { status, body } = await change({ description: 'new', ...wrong });
      expect([wrong, status, body.error?.code]).toEqual([wrong, 400, 100]);
    }
    expect(await read()).toEqual({ data: [{ ...PROFILE, messaging_product: 'whatsapp' }] });
  });

  it('is a number’s, seen with its token only', async () => {
    const ofAccount = await world.graph('GET', `${WABA_ID}/whatsapp_business_profile`);
    expect(ofAccount.body.error).toMatchObject({ code: 100, error_subcode: 33 });
    expect((await world.graph('GET', EDGE, undefined, 'nonsense')).status).toBe(401);
    expect((await read('about,colour')).error).toMatchObject({
      code: 100,
      message: '(#100) Tried accessing nonexisting field (colour)',
    });
  });
});
