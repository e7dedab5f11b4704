import type { Json, ThreadMessage } from '../meta/model.js';

/** What a business message offered to tap, as the phone looks it up before it sends a reply. */

/** The content of a `list_reply`, or nothing when the message offered no such row. */
export function listReply(message: ThreadMessage, id: string): Json | undefined {
  const interactive = message.message.interactive as Json | undefined;
  if (message.direction !== 'in' || interactive?.type !== 'list') return undefined;
  const sections = (interactive.action as { sections: { rows: Json[] }[] }).sections;
  const row = sections.flatMap((s) => s.rows).find((r) => r.id === id);
  if (!row) return undefined;
  const { title, description } = row;
  return {
    type: 'interactive',
    interactive: {
      type: 'list_reply',
      list_reply: { id, title, ...(description === undefined ? {} : { description }) },
    },
  };
}

/**
 * The content of a tapped button: `interactive` for a reply button, `button` for a template's quick reply, whose
 * payload stands for the id. Nothing when the message offered no such button.
 */
export function buttonReply(message: ThreadMessage, id: string): Json | undefined {
  if (message.direction !== 'in') return undefined;
  const interactive = message.message.interactive as Json | undefined;
  if (interactive?.type === 'button') {
    const buttons = (interactive.action as { buttons: { reply: Json }[] }).buttons;
    const reply = buttons.find((b) => b.reply.id === id)?.reply;
    if (!reply) return undefined;
    return {
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id, title: reply.title } },
    };
  }
  const quick = message.rendered?.buttons.find((b) => b.type === 'QUICK_REPLY' && b.payload === id);
  return quick && { type: 'button', button: { payload: id, text: quick.text } };
}
