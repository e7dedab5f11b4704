/** Choices that are the same on every run. */
export interface Random {
  chance: () => number;
  whole: (from: number, to: number) => number;
  pick: <T>(from: readonly T[]) => T;
  digits: (count: number) => string;
  letters: (count: number, alphabet?: string) => string;
}

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed;
  const chance = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (from: number, to: number) => from + Math.floor(chance() * (to - from + 1));
  const pick = <T>(from: readonly T[]): T => from[whole(0, from.length - 1)]!;
  const letters = (count: number, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') =>
    Array.from({ length: count }, () => alphabet[whole(0, alphabet.length - 1)]!).join('');
  return { chance, whole, pick, letters, digits: (count) => letters(count, '0123456789') };
}
