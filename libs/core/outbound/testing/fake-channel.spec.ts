import { personOf } from '#core/messaging';
import { describeChannel } from './channel.contract.js';
import { FakeChannel } from './fake-channel.js';
import { SAMPLE_RULES } from './rules.js';
import type { Shown } from './shown.js';

for (const [name, rules] of Object.entries(SAMPLE_RULES)) {
  describeChannel(`the fake, as ${name}`, async () => {
    const channel = new FakeChannel(rules);
    let people = 0;
    return {
      channel,
      unreachable: new FakeChannel(rules, false),
      codes: channel.codes,
      shown: (rendered) => rendered as unknown as Shown,
      person: async () => personOf({ userId: `user-${(people += 1)}` }),
      loseNextAnswer: async () => channel.loseNextAnswer(),
      refuseNext: async (code) => channel.refuseNext(code),
      holdNext: async () => channel.holdNext(),
      arrivals: async (id) => channel.arrived.filter(({ messageId }) => messageId === id).length,
      close: async () => undefined,
    };
  });
}
