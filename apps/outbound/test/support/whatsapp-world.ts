import { messageIn, WhatsAppChannel, type Transport } from '#adapters/whatsapp-cloud';
import { personOf, type Cleared } from '#core/messaging';
import type { ChannelRules, Rendered } from '#core/outbound';
import type { ChannelWorld, Shown } from '#core/outbound/testing';
import { World, type Answer } from '../../../sandbox/test/support/world.js';

/** Codes that Meta documents, of every class that helps in a way of its own. */
const CODES = [
  190, 368, 130429, 131000, 131026, 131042, 131047, 131048, 131049, 131056, 132000, 132015, 132016,
];
/** A call whose answer never comes is given up after this long. */
const TIMEOUT_MS = 1_000;

/** A way to WhatsApp, with its rules where they are not WhatsApp's own. */
interface Way {
  transport: Transport;
  nowhere: Transport;
  rules?: ChannelRules;
}

/** The sandbox's number as the contract suite wants it, by whichever way it is reached. */
export async function whatsAppWorld(open: (world: World) => Promise<Way>): Promise<ChannelWorld> {
  const world = await World.start();
  const { transport, nowhere, rules } = await open(world);
  const faults = async (...nextSends: object[]) =>
    void (await world.ok('PUT', '/control/meta/faults', { nextSends }));
  return {
    channel: new WhatsAppChannel({ transport, rules, timeoutMs: TIMEOUT_MS }),
    unreachable: new WhatsAppChannel({ transport: nowhere, rules, timeoutMs: TIMEOUT_MS }),
    codes: CODES,
    shown,
    person: async () => personOf({ phone: (await world.customer()).phone }),
    loseNextAnswer: () => faults({ kind: 'timeout-after-accept' }),
    refuseNext: (code) => faults({ kind: 'error', code }),
    holdNext: () => faults({ kind: 'hold' }),
    arrivals: async (messageId) => {
      const { accepted } = await world.ok('GET', '/control/meta/ledger');
      return (accepted as Answer[]).filter((entry) => entry.bizOpaqueCallbackData === messageId).length;
    },
    close: () => world.stop(),
  };
}

function shown(rendered: Cleared<Rendered>): Shown {
  const message = messageIn(rendered) as Answer;
  if (message.type === 'text') return { body: message.text.body as string };
  if (message.type === 'template') {
    const { name, language, components = [] } = message.template as Answer;
    const values = (components[0]?.parameters ?? []).map((p: Answer) => p.text as string) as string[];
    return { template: { name, language: language.code as string, values } };
  }
  const { type, header, body, footer, action } = message.interactive as Answer;
  return {
    ...(header?.type === 'text' ? { header: header.text as string } : {}),
    ...(header?.type === 'image' ? { image: header.image.link as string } : {}),
    ...(body ? { body: body.text as string } : {}),
    ...(footer ? { footer: footer.text as string } : {}),
    ...tapped(String(type), action as Answer),
  };
}

function tapped(type: string, action: Answer): Shown {
  switch (type) {
    case 'list':
      return { list: { button: action.button, sections: action.sections } };
    case 'button':
      return { buttons: action.buttons.map((button: Answer) => button.reply as Answer) };
    case 'cta_url':
      return { link: { label: action.parameters.display_text, url: action.parameters.url } };
    case 'product':
      return { product: { catalogId: action.catalog_id, id: action.product_retailer_id } };
    default:
      throw new Error(`nobody knows how ${type} is shown`);
  }
}
