import type { ChannelRules } from '#core/outbound';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** WhatsApp's rules for whoever sends by the Cloud API's messages, directly or through a partner of Meta's. */
export const WHATSAPP_RULES = {
  // Meta: free-form messages only within 24 hours of the customer's last message.
  window: { lengthMs: 24 * HOUR, marginMs: MINUTE },
  outsideWindow: 'template',
  /**
   * From one number to one person one message each 6 seconds, with up to 45 borrowed from the future, and after a refusal
   * again in 4^n seconds. Source: Meta, Cloud API throughput, "pair rate limits" (error 131056).
   */
  pair: {
    refillMs: 6 * SECOND,
    burst: 45,
    marginMs: 100,
    hold: { firstMs: SECOND, factor: 4, mostMs: 4 ** 4 * SECOND },
  },
  // Meta, Cloud API throughput: 80 messages a second for a number, 1,000 once it is raised.
  throughput: { usual: 80, most: 1_000 },
  templates: {
    sendable: ['APPROVED', 'REINSTATED', 'FLAGGED', 'UNPAUSED', 'IN_APPEAL'],
    // A template's first pause for low quality lasts three hours; an announcement may come sooner.
    paused: { state: 'PAUSED', recheckMs: 3 * HOUR },
    disabled: { state: 'DISABLED', recheckMs: null },
    // A word of ours: it does not exist, or not with these parameters.
    mismatched: { state: 'MISMATCH', recheckMs: 10 * MINUTE },
  },
  idempotentSends: false,
  // Only a code that comes to the number activates an account, and logs out whoever had the number before.
  // Source: WhatsApp Help Center, "About registration and two-step verification" (faq.whatsapp.com/506595211487528).
  verifiesPhone: true,
  codeOfNone: 131000,
  /** Limits of the messages endpoint. Meta's guide allows a list body of 4096, but refuses it: 1024. */
  limits: {
    text: 4_096,
    body: 1_024,
    header: 60,
    footer: 60,
    url: 2_000,
    list: { button: 20, rows: 10, sectionTitle: 24, id: 200, title: 24, description: 72 },
    buttons: { count: 3, id: 256, title: 20, image: true },
    link: { label: 20 },
    product: { id: 100 },
    // 132005 when it is longer.
    filledTemplate: 1_024,
  },
} satisfies ChannelRules;
