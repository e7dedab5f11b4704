import { LoginThrottle } from './login-throttle.js';

const at = (ms: number): Date => new Date(1_000_000 + ms);

describe('slowing wrong keys down', () => {
  it('holds each wrong key longer, up to a limit, and forgets after a minute', () => {
    const throttle = new LoginThrottle();
    expect([0, 1, 2].map((ms) => throttle.fail(at(ms)))).toEqual([500, 1_000, 1_500]);
    for (let i = 0; i < 20; i++) throttle.fail(at(3));
    expect(throttle.fail(at(4))).toBe(4_000);
    expect(throttle.fail(at(61_000))).toBe(500);
  });

  it('refuses at once when too many are waiting', async () => {
    const throttle = new LoginThrottle();
    const held = Array.from({ length: 100 }, () => throttle.hold(5));
    expect(throttle.fail(at(0))).toBeUndefined();
    await Promise.all(held);
    expect(throttle.fail(at(0))).toBeGreaterThan(0);
  });
});
