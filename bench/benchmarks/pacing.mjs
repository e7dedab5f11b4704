const MESSAGES = 100_000;
/** Of a data centre near Meta's: what a call's way and our own timers may vary by, in milliseconds. */
const NEAR = { lateMs: 5, wayMs: 40, jitterMs: 14 };
const FAR = { lateMs: 5, wayMs: 40, jitterMs: 100 };

const SIDES = {
  '80 a second': { perSecond: 80, each: 20, ...NEAR },
  '1,000 a second': { perSecond: 1_000, each: 20, ...NEAR },
  'pair rate': { perSecond: 1_000, each: 200, ...NEAR },
  '80 a second, far away': { perSecond: 80, each: 20, ...FAR },
  '1,000 a second, far away': { perSecond: 1_000, each: 20, ...FAR },
};
const PACED = ['80 a second', '1,000 a second'];

export default {
  name: 'pacing',
  about: "a long run against a number's rate and the pair rate, on a simulated clock",
  open,
  goals: [
    ...PACED.flatMap((side) => [
      {
        name: `${side}: most in a sliding second`,
        figure: [side, 'most in a second'],
        atMost: SIDES[side].perSecond,
      },
      { name: `${side}: used`, figure: [side, '% of the rate used'], atLeast: 97, unit: ' %' },
    ]),
    ...[...PACED, 'pair rate'].flatMap((side) => [
      { name: `${side}: refused with 130429`, figure: [side, 'refused with 130429'], atMost: 0 },
      { name: `${side}: refused with 131056`, figure: [side, 'refused with 131056'], atMost: 0 },
    ]),
    { name: 'pair rate: used', figure: ['pair rate', '% of the pair rate used'], atLeast: 97, unit: ' %' },
  ].map((goal) => ({ ...goal, value: goal.atMost === undefined ? 'min' : 'max' })),
};

async function open({ quick }) {
  const { mostInASecond, simulate } = await import('../pacing/simulation.mjs');
  const messages = quick ? MESSAGES / 10 : MESSAGES;
  const side = (options) => async () => {
    const recipients = messages / options.each;
    const run = simulate({ ...options, recipients });
    if (run.accepted !== messages) throw new Error(`${run.accepted} of ${messages} were accepted`);
    const seconds = (run.arrivals.at(-1) - run.arrivals[0]) / 1_000;
    return {
      'most in a second': mostInASecond(run.arrivals),
      '% of the rate used': (100 * (messages - 1)) / seconds / options.perSecond,
      ...(options.each > 45
        ? { '% of the pair rate used': (100 * pairSeconds(options.each)) / seconds }
        : {}),
      'refused with 130429': run.tooFast,
      'refused with 131056': run.pairTooFast,
    };
  };
  const sides = Object.fromEntries(Object.entries(SIDES).map(([name, options]) => [name, side(options)]));
  return { facts: { messages, sides: SIDES }, sides, close: async () => undefined };
}

/** The shortest time in which one person can get so many: 45 at once, then one each 6 s. */
function pairSeconds(each) {
  return (each - 45) * 6;
}
