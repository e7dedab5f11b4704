import { setTimeout as sleep } from 'node:timers/promises';
import { openRelay, passOn } from './relay.mjs';

/**
 * Carries the webhooks of programs outside the sandbox to the gateway as `PUT /control/chaos` has its own carried: each
 * one to several times, late and out of order. The sender is answered as the first copy was.
 */
export async function openRoad(gateway) {
  let how = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };
  let underWay = 0;

  async function carry(call) {
    underWay++;
    try {
      await sleep((how.shuffle ? Math.random() : 1) * how.maxDelayMs);
      return await passOn(gateway, call);
    } finally {
      underWay--;
    }
  }

  const relay = await openRelay((call) => {
    const [least, most] = how.copies;
    const copies = least + Math.floor(Math.random() * (most - least + 1));
    const [first, ...others] = Array.from({ length: copies }, () => carry(call));
    // A copy that is lost is not missed: whoever sent it hears of the first.
    for (const other of others) other.catch(() => {});
    return first;
  });
  return { ...relay, travel: (given) => (how = given), underWay: () => underWay };
}
