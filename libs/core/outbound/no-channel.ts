import type { ChannelFacts } from './ports/channel.port.js';

/**
 * Of an account that is gone, or whose channel nothing can be sent on. What is planned for it waits for no limit of a
 * channel's, and a refusal is the end of its message.
 */
export const NO_CHANNEL: ChannelFacts = {
  rules: {
    window: null,
    outsideWindow: 'nothing',
    pair: null,
    throughput: { usual: 1, most: 1 },
    templates: null,
    idempotentSends: false,
    verifiesPhone: false,
    codeOfNone: 0,
    limits: {
      text: 0,
      body: 0,
      header: null,
      footer: null,
      url: 0,
      list: null,
      buttons: null,
      link: null,
      product: null,
      filledTemplate: null,
    },
  },
  classify: () => ({ class: 'unknown', action: 'fail' }),
};
