import { setTimeout as sleep } from 'node:timers/promises';
import { openRelay, passOn } from './relay.mjs';

/**
 * Carries the webhooks of programs outside the sandbox to the gateway as `PUT /control/chaos` has its own carried: each
 * one to several times, late and out of order, and each copy again while the gateway cannot take it. The sender is
 * answered at once.
 */
export async function openRoad(gateway) {
  let how = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };
  let underWay = 0;
  const closed = new AbortController();

  async function carry(call, delayMs) {
    underWay++;
    await sleep(delayMs);
    while (!closed.signal.aborted && !(await isAnswered(gateway, call))) await sleep(500);
    underWay--;
  }

  const relay = await openRelay((call) => {
    const [least, most] = how.copies;
    const copies = least + Math.floor(Math.random() * (most - least + 1));
    for (let copy = 0; copy < copies; copy++) {
      void carry(call, (how.shuffle ? Math.random() : 1) * how.maxDelayMs);
    }
    return { status: 200, text: '' };
  });
  return {
    url: relay.url,
    travel: (given) => (how = given),
    underWay: () => underWay,
    close: () => {
      closed.abort();
      relay.close();
    },
  };
}

/** What the gateway refuses it will refuse again: the bytes and their signature stay the same. */
function isAnswered(gateway, call) {
  return passOn(gateway, call).then(
    ({ status }) => status < 500,
    () => false, // not reached
  );
}
