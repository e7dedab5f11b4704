import { Shares } from './shares.js';

const places = (shares: Shares, merchant: string, count: number, now = 0): number[] =>
  Array.from({ length: count }, () => shares.place('threads', merchant, now));

describe('shares of a queue', () => {
  it('leaves who has little in the order of arrival', () => {
    const shares = new Shares();
    for (let second = 0; second < 60; second++) {
      expect(places(shares, 'mer_small', 20, second * 1_000)).toEqual(Array(20).fill(0));
    }
  });

  it('puts a crowd behind the others, one behind the other', () => {
    const shares = new Shares();
    const crowd = places(shares, 'mer_big', 1_000);
    expect(crowd.slice(0, 20)).toEqual(Array(20).fill(0));
    expect(crowd.slice(20)).toEqual(Array.from({ length: 980 }, (_, i) => i + 1));
    expect(places(shares, 'mer_small', 1)).toEqual([0]);
  });

  it('lets two crowds take turns', () => {
    const shares = new Shares();
    const first = places(shares, 'mer_a', 500);
    expect(places(shares, 'mer_b', 500)).toEqual(first);
  });

  it('counts each queue by itself', () => {
    const shares = new Shares();
    places(shares, 'mer_big', 500);
    expect(shares.place('recipients', 'mer_big', 0)).toBe(0);
  });

  it('forgives a crowd of any size within minutes', () => {
    const shares = new Shares();
    expect(places(shares, 'mer_big', 200_000).at(-1)).toBe(10_000);
    expect(shares.place('threads', 'mer_big', 3_600_000)).toBe(0);
    places(shares, 'mer_big', 200_000, 3_600_000);
    expect(shares.place('threads', 'mer_big', 3_600_000 + 510_000)).toBe(0);
  });
});
