import { setTimeout as sleep } from 'node:timers/promises';
import { openRelay, passOn } from './relay.mjs';

/**
 * Carries the webhooks of programs outside the sandbox to the gateway as `PUT /control/chaos` has its own carried: each
 * one to several times, late and out of order, and each copy again until it is taken. The sender is answered at once.
 */
export async function openRoad(gateway) {
  let how = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };
  let underWay = 0;
  let open = true;

  async function carry(call, delayMs) {
    underWay++;
    await sleep(delayMs);
    while (open && !(await isTaken(gateway, call))) await sleep(500);
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
      open = false;
      relay.close();
    },
  };
}

function isTaken(gateway, call) {
  return passOn(gateway, call).then(
    ({ status }) => status >= 200 && status < 300,
    () => false, // not reached
  );
}
