/** Middle value; the mean of the two middle ones when there is an even number. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `share` between 0 and 1; the value that so many of `sorted` are not above. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))];
}

/**
 * Runs every side once a repetition, in turns (A B, then B A), so that whatever else the machine does meets all.
 * @param sides `{ [side]: async () => ({ [figure]: number }) }`
 * @returns one `{ [side]: { [figure]: number } }` for each repetition.
 */
export async function inTurns(sides, repetitions, onResult = () => undefined) {
  const rounds = [];
  for (let i = 0; i < repetitions; i++) {
    const names = i % 2 ? Object.keys(sides).toReversed() : Object.keys(sides);
    const round = {};
    for (const name of names) {
      round[name] = await sides[name](i);
      onResult(name, round[name], i);
    }
    rounds.push(round);
  }
  return rounds;
}

/** `{ [side]: { [figure]: { median, min, max, all } } }` */
export function summarise(rounds) {
  const figures = {};
  for (const side of new Set(rounds.flatMap((round) => Object.keys(round)))) {
    figures[side] = {};
    const names = new Set(rounds.flatMap((round) => Object.keys(round[side] ?? {})));
    for (const name of names) {
      figures[side][name] = spread(rounds.map((r) => r[side]?.[name]).filter((v) => v !== undefined));
    }
  }
  return figures;
}

/**
 * How one side stands to another, where both ran: the ratio is taken within each repetition, and the median of those
 * counts.
 * @param comparisons `{ [name]: { figure, side, beside } }`
 */
export function compare(rounds, comparisons) {
  const there = ([, { side, beside }]) => rounds[0][side] && rounds[0][beside];
  return Object.fromEntries(
    Object.entries(comparisons)
      .filter(there)
      .map(([name, { figure, side, beside }]) => [
        name,
        spread(rounds.map((round) => round[side][figure] / round[beside][figure])),
      ]),
  );
}

function spread(all) {
  return { median: median(all), min: Math.min(...all), max: Math.max(...all), all };
}
