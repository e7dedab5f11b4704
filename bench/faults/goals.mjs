/** What every fault must leave behind: judged by the command's exit code, too. */
export const NOTHING_WRONG = ['lost', 'doubled', 'disordered'].map((figure) => ({
  name: figure,
  figure: ['waco', figure],
  atMost: 0,
}));

/** And where the journal can be played again. */
export const AS_REPLAYED = {
  name: 'differences from a fault-free replay',
  figure: ['waco', 'differences from the replay'],
  atMost: 0,
};
