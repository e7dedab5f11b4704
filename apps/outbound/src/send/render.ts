import type { EntityManager } from 'typeorm';
import type { Cleared, PersonRef } from '#core/messaging';
import type { ChannelPort, Rendered, Verdict } from '#core/outbound';
import type { Message } from '../store/messages.js';
import { findTemplateText } from '../store/templates.js';

/** What the channel is to be asked, and for whom. */
export interface Call {
  person: PersonRef;
  rendered: Cleared<Rendered>;
}

/** What the channel is to be asked; undefined when the template is gone. @throws UnrenderableError */
export async function render(
  tx: EntityManager,
  port: ChannelPort,
  message: Message,
  verdict: Verdict,
): Promise<Cleared<Rendered> | undefined> {
  if (verdict.decision !== 'send_template') {
    const { content } = message;
    return port.render(
      content.type === 'buttons' && message.withoutMedia ? { ...content, imageUrl: undefined } : content,
    );
  }
  const template = await findTemplateText(tx, verdict.template.id);
  return template && port.renderTemplate(template, message.template?.facts ?? {});
}
