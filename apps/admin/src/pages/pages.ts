import { html, type Html } from './html.js';

const MARK = html`<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
  <rect width="32" height="32" rx="9" fill="currentColor" />
  <path
    d="M9 11.5h14v8.5h-8l-4 3.5V20H9z"
    fill="none"
    stroke="#fff"
    stroke-width="2"
    stroke-linejoin="round"
  />
  <path
    d="M13 15.8l2.2 2.1 4-4"
    fill="none"
    stroke="#fff"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
  />
</svg>`;

function layout(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/admin.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`.html;
}

export interface LoginPage {
  /** Where to go afterwards. */
  next: string;
  message?: string;
}

export function loginPage({ next, message }: LoginPage): string {
  const alert = message ? html`<p class="alert" role="alert">${message}</p>` : html``;
  return layout(
    'Sign in · Waco',
    html`<main class="sign-in">
      <div class="brand">${MARK}<span>Waco</span></div>
      <h1>Sign in</h1>
      <p class="lead">The console is for the platform team. Paste your operator key.</p>
      <form method="post" action="/login">
        <input type="hidden" name="next" value="${next}" />
        <label for="key">Operator key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autofocus
          autocomplete="current-password"
          spellcheck="false"
          placeholder="waco_…"
          ${message ? html`aria-invalid="true"` : html``}
        />
        ${alert}
        <button type="submit">Sign in</button>
      </form>
      <p class="note">
        The session lasts eight hours in this browser, one hour without use, or until the key is revoked.
      </p>
    </main>`,
  );
}

export interface HomePage {
  /** Undefined: not for the caller to see. */
  merchants?: number;
  operations?: {
    queues: number;
    deadLetters: number;
    /** There may be more dead letters than were counted. */
    more: boolean;
  };
}

export function homePage({ merchants, operations }: HomePage): string {
  const figures = [
    ...(merchants === undefined ? [] : [figure('Merchants', merchants.toLocaleString('en'))]),
    ...(operations ? operationsFigures(operations) : []),
  ];
  const nothing = html`<p class="lead">
    This key shows no figures here: it has neither merchants:read nor operations:read.
  </p>`;
  return layout(
    'Waco',
    html`${bar()}
      <main class="home">
        <h1>Platform console</h1>
        ${figures.length > 0 ? html`<dl class="figures">${figures}</dl>` : nothing}
        <div class="cards">
          ${operations ? card('/queues', 'Queues', 'What runs, waits and failed, queue by queue. A failed job is a dead letter; retrying it redrives the work.') : html``}
          ${card('/docs', 'Admin API', 'Onboard merchants, connect shops and payments, manage keys and dead letters. Try calls with your key.')}
          ${card('/metrics', 'Metrics', 'This process in Prometheus text. Every service has the same address on its own port.')}
          ${card('/health/ready', 'Health', 'Whether the database and the queue server answer this process.')}
        </div>
      </main>`,
  );
}

function operationsFigures({ queues, deadLetters, more }: NonNullable<HomePage['operations']>): Html[] {
  const letters = `${deadLetters.toLocaleString('en')}${more ? '+' : ''}`;
  return [figure('Queues', queues), figure('Dead letters', letters, deadLetters > 0 ? 'attention' : '')];
}

function figure(term: string, value: string | number, kind = ''): Html {
  return html`<div class="${kind}">
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`;
}

function bar(): Html {
  return html`<header class="bar">
    <div class="brand">${MARK}<span>Waco</span></div>
    <form method="post" action="/logout"><button class="quiet" type="submit">Sign out</button></form>
  </header>`;
}

/** Says why a page is refused to a caller that is signed in, or to a request from another site. */
export function refusalPage({ title, detail }: { title: string; detail: string }): string {
  return layout(
    `${title} · Waco`,
    html`${bar()}
      <main class="home">
        <h1>${title}</h1>
        <p class="lead">This is not for you to open: ${detail}.</p>
        <p><a href="/">Back to the console</a></p>
      </main>`,
  );
}

function card(href: string, title: string, text: string): Html {
  return html`<a class="card" href="${href}"
    ><h2>${title}</h2>
    <p>${text}</p>
    <code>${href}</code></a
  >`;
}

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0b7a5c"/><path d="M9 11.5h14v8.5h-8l-4 3.5V20H9z" fill="none" stroke="#fff" stroke-width="2" stroke-linejoin="round"/><path d="M13 15.8l2.2 2.1 4-4" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

export const STYLE = `:root {
  color-scheme: light dark;
  --ink: #14201c; --soft: #55655f; --line: #dfe6e2; --paper: #ffffff; --ground: #f4f7f5;
  --brand: #0b7a5c; --brand-strong: #075e47; --alert: #a4262c; --alert-ground: #fdf0f0; --warm: #9a5b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8efeb; --soft: #9db0a7; --line: #2b3833; --paper: #17211d; --ground: #0f1613;
    --brand: #35b48c; --brand-strong: #5bcba8; --alert: #ff9a9e; --alert-ground: #341a1c; --warm: #f0b455;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.02em; }
h2 { font-size: 1.1rem; margin: 0 0 .35rem; }
code { font: .85rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--soft); }
.brand { display: flex; align-items: center; gap: .6rem; font-weight: 650; font-size: 1.1rem; color: var(--brand); }
.brand span { color: var(--ink); letter-spacing: -.01em; }
.sign-in {
  width: min(26rem, calc(100% - 2rem)); margin: 0 auto; padding: 2.25rem; position: relative; top: 14vh;
  background: var(--paper); border: 1px solid var(--line); border-radius: 16px;
  box-shadow: 0 1px 2px rgb(0 0 0 / .04), 0 12px 32px rgb(0 0 0 / .06);
}
.sign-in .brand { margin-bottom: 1.75rem; }
.lead { margin: 0 0 1.5rem; color: var(--soft); }
label { display: block; font-weight: 600; font-size: .9rem; margin-bottom: .35rem; }
input[type="password"] {
  width: 100%; padding: .7rem .85rem; border: 1px solid var(--line); border-radius: 10px;
  background: var(--ground); color: inherit; font: .95rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
input[aria-invalid] { border-color: var(--alert); }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
button {
  width: 100%; margin-top: 1.1rem; padding: .75rem 1rem; border: 0; border-radius: 10px; cursor: pointer;
  background: var(--brand); color: var(--paper); font: inherit; font-weight: 600;
}
button:hover { background: var(--brand-strong); }
.alert {
  margin: .75rem 0 0; padding: .65rem .85rem; border-radius: 10px; font-size: .92rem;
  color: var(--alert); background: var(--alert-ground);
}
.note { margin: 1.25rem 0 0; font-size: .85rem; color: var(--soft); }
.bar {
  display: flex; justify-content: space-between; align-items: center; padding: .9rem 1.5rem;
  background: var(--paper); border-bottom: 1px solid var(--line);
}
button.quiet {
  width: auto; margin: 0; padding: .4rem .9rem; background: none; color: var(--soft); border: 1px solid var(--line);
}
button.quiet:hover { color: var(--ink); border-color: var(--soft); }
.home { width: min(62rem, calc(100% - 3rem)); margin: 2.5rem auto; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 1.25rem 0 2rem; }
.figures dt { color: var(--soft); font-size: .9rem; }
.figures dd { margin: 0; font-size: 1.9rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.figures .attention dd { color: var(--warm); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); }
.card {
  display: block; padding: 1.35rem 1.5rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: 14px; color: inherit; text-decoration: none; transition: border-color .12s, transform .12s;
}
.card:hover { border-color: var(--brand); transform: translateY(-1px); }
.card h2 { color: var(--brand); }
.card p { margin: 0 0 .75rem; color: var(--soft); }
@media (prefers-reduced-motion: reduce) { .card { transition: none; } }
`;
