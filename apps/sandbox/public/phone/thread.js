import { drawMessage } from './bubbles.js';
import { h } from './dom.js';

/** The list of messages on screen: keeps one node for each, redraws what changed, groups by side and by day. */
export class ThreadView {
  constructor(root, context) {
    this.root = root;
    this.context = context;
    this.items = new Map();
    this.nodes = new Map();
    this.typingNode = h(
      'div',
      { class: 'msg in first typing' },
      h(
        'div',
        { class: 'bubble' },
        h('div', { class: 'typing-dots', role: 'img', 'aria-label': 'Typing' }, h('i'), h('i'), h('i')),
      ),
    );
  }

  find(id) {
    return this.items.get(id);
  }

  /** Shows a whole thread anew. */
  reset(items) {
    this.items = new Map(items.map((item) => [item.id, item]));
    this.nodes.clear();
    this.redraw(false);
    this.toEnd();
  }

  /** Adds or changes one message. */
  put(item) {
    const stays = this.atEnd();
    const isNew = !this.items.has(item.id);
    this.items.set(item.id, item);
    this.nodes.delete(item.id);
    if (isNew && item.direction === 'in') this.typing(false);
    this.redraw(isNew ? item.id : undefined);
    if (stays || (isNew && item.direction === 'out')) this.toEnd();
    return isNew;
  }

  typing(on) {
    const stays = this.atEnd();
    if (on) this.root.append(this.typingNode);
    else this.typingNode.remove();
    if (on && stays) this.toEnd();
  }

  atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < 90;
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
  }

  redraw(freshId) {
    const wasTyping = this.typingNode.isConnected;
    const reactions = this.reactions();
    const children = [this.context.notice()];
    let day;
    let side;
    for (const item of [...this.items.values()].sort((a, b) => a.seq - b.seq)) {
      if (item.message.type === 'reaction') continue;
      const date = new Date(item.at).toDateString();
      if (date !== day) {
        children.push(h('div', { class: 'day' }, dayName(new Date(item.at), this.context.now())));
        side = undefined;
      }
      day = date;
      children.push(this.node(item, item.direction !== side, reactions.get(item.id), item.id === freshId));
      side = item.direction;
    }
    this.root.replaceChildren(...children);
    if (wasTyping) this.root.append(this.typingNode);
  }

  node(item, first, reactions, fresh) {
    let node = this.nodes.get(item.id);
    if (!node) {
      const shows = { ...this.context, find: (id) => this.find(id) };
      node = h('div', { class: 'msg' }, ...drawMessage(item, shows));
      node.addEventListener('contextmenu', (event) => {
        if (item.direction !== 'in' || event.target.closest('a, button')) return;
        event.preventDefault();
        this.context.act.react(item);
      });
      this.nodes.set(item.id, node);
    }
    node.className = `msg ${item.direction}${first ? ' first' : ''}${fresh ? ' fresh' : ''}`;
    node.querySelector(':scope > .reactions')?.remove();
    if (reactions) {
      const label = `Reactions: ${reactions.join(' ')}`;
      node
        .querySelector('.bubble')
        .after(h('div', { class: 'reactions', 'aria-label': label, role: 'img' }, reactions.join(' ')));
    }
    return node;
  }

  /** The newest reaction of each side, by message. */
  reactions() {
    const sides = new Map();
    for (const item of this.items.values()) {
      if (item.message.type !== 'reaction') continue;
      const { message_id: target, emoji } = item.message.reaction;
      sides.set(target, { ...sides.get(target), [item.direction]: emoji });
    }
    const shown = [...sides].map(([target, bySide]) => [target, Object.values(bySide).filter(Boolean)]);
    return new Map(shown.filter(([, emoji]) => emoji.length > 0));
  }

  /** What the customer reacted to a message with. */
  ownReaction(id) {
    let emoji;
    for (const item of this.items.values()) {
      if (item.direction === 'out' && item.message.reaction?.message_id === id)
        emoji = item.message.reaction.emoji;
    }
    return emoji;
  }
}

export function dayName(date, now) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return date.toLocaleDateString([], { weekday: 'long' });
  return date.toLocaleDateString([], { day: 'numeric', month: 'long', year: 'numeric' });
}
