import { h } from './dom.js';

/** Chat markup in order of precedence: code shields what is in it, links shield their underscores. */
const CODE = /```([^`]+)```|`([^`\n]+)`/;
const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/i;
const MARKS = [
  [/(^|[^\p{L}\p{N}*])\*(?!\s)([^*\n]*[^*\s])\*(?![\p{L}\p{N}*])/u, 'strong'],
  [/(^|[^\p{L}\p{N}_])_(?!\s)([^_\n]*[^_\s])_(?![\p{L}\p{N}_])/u, 'em'],
  [/(^|[^\p{L}\p{N}~])~(?!\s)([^~\n]*[^~\s])~(?![\p{L}\p{N}~])/u, 's'],
];

/** `*bold*`, `_italic_`, `~strike~`, code and links as DOM nodes. */
function inline(text) {
  if (text === '') return [];
  const code = CODE.exec(text);
  if (code) return around(text, code, [h('code', {}, code[1] ?? code[2])]);
  const link = LINK.exec(text);
  if (link) {
    const anchor = h('a', { href: link[0], target: '_blank', rel: 'noopener noreferrer' }, link[0]);
    return around(text, link, [anchor]);
  }
  for (const [pattern, tag] of MARKS) {
    const mark = pattern.exec(text);
    if (mark) {
      const before = text.slice(0, mark.index) + mark[1];
      return [
        ...inline(before),
        h(tag, {}, inline(mark[2])),
        ...inline(text.slice(mark.index + mark[0].length)),
      ];
    }
  }
  return [text];
}

function around(text, match, nodes) {
  return [
    ...inline(text.slice(0, match.index)),
    ...nodes,
    ...inline(text.slice(match.index + match[0].length)),
  ];
}

/** One paragraph for each line, so that every line takes its own direction. */
export function formatted(text, className) {
  return String(text)
    .split('\n')
    .map((line) => h('p', { dir: 'auto', class: className }, inline(line)));
}

/** One to three emoji and nothing else are shown large. */
export function isEmojiOnly(text) {
  const graphemes = [...new Intl.Segmenter().segment(text.trim())].map((part) => part.segment);
  const emoji = (part) => /^(\p{Extended_Pictographic}|\p{RI}{2}|[0-9#*]️?⃣)/u.test(part);
  return graphemes.length > 0 && graphemes.length <= 3 && graphemes.every(emoji);
}
