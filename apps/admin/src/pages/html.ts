/** HTML that is safe to send: everything that was put in has been escaped. */
export interface Html {
  html: string;
}

/** `html\`…\`` escapes what is put in, unless it is Html already. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Html | Html[])[]): Html {
  const rendered = values.map((value) => {
    if (Array.isArray(value)) return value.map((v) => v.html).join('');
    return typeof value === 'object' ? value.html : escapeHtml(String(value));
  });
  return { html: parts.reduce((text, part, i) => text + (rendered[i - 1] ?? '') + part) };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
