import { World } from './support/world.js';

describe('the control API', () => {
  let world: World;

  afterEach(() => world.stop());

  it('moves the clock forward, and never back', async () => {
    world = await World.boot();
    const before = Date.now();
    await world.ok('POST', '/control/clock', { advanceMs: 3_600_000 });
    const later = await world.ok('POST', '/control/clock', { advanceMs: 3_600_000 });
    expect(later.offsetMs).toBeGreaterThan(7_199_900);
    expect(new Date(later.now).getTime() - before).toBeGreaterThan(7_199_000);
    for (const back of [{ advanceMs: -1 }, { offsetMs: 0 }, {}]) {
      expect((await world.call('POST', '/control/clock', back)).status).toBe(400);
    }
    const still = await world.ok('GET', '/control/clock');
    expect(still.offsetMs).toBeGreaterThan(7_199_900);
  });

  it('refuses to move a clock that is real', async () => {
    world = await World.boot({ WACO_CLOCK_FILE: '' });
    const { status, body } = await world.call('POST', '/control/clock', { advanceMs: 1 });
    expect(status).toBe(409);
    expect(body.detail).toContain('WACO_CLOCK_FILE');
  });

  it('refuses chaos that makes no sense', async () => {
    world = await World.boot();
    expect((await world.call('PUT', '/control/chaos', { copies: [3, 1] })).status).toBe(422);
    expect((await world.call('PUT', '/control/chaos', { copies: [0, 1] })).status).toBe(400);
    expect((await world.call('PUT', '/control/chaos', { noise: 1 })).status).toBe(400);
    expect(await world.ok('PUT', '/control/chaos', { shuffle: true })).toMatchObject({
      copies: [1, 1],
      shuffle: true,
    });
  });

  it('stops while a phone is connected and an answer is being withheld', async () => {
    world = await World.start();
    const customer = await world.customer();
    const stream = await fetch(`${world.url}${customer.thread}/events`);
    await world.ok('PUT', '/control/meta/faults', { nextSends: [{ kind: 'timeout-after-accept' }] });
    const withheld = world.text(customer.phone, 'x').then(
      () => 'answered',
      () => 'cut off',
    );
    await new Promise((done) => setTimeout(done, 100));
    await world.restart({});
    expect(await withheld).toBe('cut off');
    expect(stream.bodyUsed).toBe(false);
    await stream.text(); // the stream has ended, so this returns
  });

  it('serves its pages, and nothing outside their folder', async () => {
    world = await World.boot();
    expect(await (await fetch(`${world.url}/`)).text()).toContain('Waco sandbox');
    const page = await fetch(`${world.url}/phone`);
    expect(page.url).toBe(`${world.url}/phone/`);
    for (const path of [
      '/..%2f..%2f..%2fpackage.json',
      '/phone/..%2f..%2f..%2f..%2fpackage.json',
      '/%00',
      '/%zz',
    ]) {
      expect((await fetch(world.url + path)).status).toBeGreaterThanOrEqual(400);
    }
  });
});
