import { createHash } from 'node:crypto';
import { Html } from './html.js';

/** All of the pages' looks: nothing is loaded from anywhere. Phone first, light and dark. */
const STYLE = `
:root{color-scheme:light dark;--bg:#f3f5f4;--card:#fff;--ink:#14211c;--soft:#5d6b65;--line:#e3e8e5;--go:#0b7a55;--go-ink:#fff;--go-bg:#e0f3ea;--wait:#8a5a00;--wait-bg:#fdf1d8;--stop:#a3312a;--stop-bg:#fbe6e4}
@media(prefers-color-scheme:dark){:root{--bg:#0e1513;--card:#18211e;--ink:#eef3f1;--soft:#9fb0a9;--line:#2a3632;--go:#3ecb96;--go-ink:#06231a;--go-bg:#123527;--wait:#f3c062;--wait-bg:#3a2d12;--stop:#ff9b92;--stop-bg:#41201d}}
*{box-sizing:border-box;margin:0}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;background:var(--bg);color:var(--ink);min-height:100vh;padding:20px 16px 40px}
main{max-width:460px;margin:0 auto}
.shop{font-weight:650;font-size:15px;text-align:center;padding:4px 0 16px;overflow-wrap:anywhere}
.card{background:var(--card);border-radius:18px;padding:24px 20px;box-shadow:0 1px 2px rgb(0 0 0/.06),0 8px 24px rgb(0 0 0/.05);margin-bottom:14px}
.head{text-align:center}
.mark{width:56px;height:56px;border-radius:50%;display:grid;place-items:center;margin:0 auto 14px}
.mark svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.go{background:var(--go-bg);color:var(--go)}.wait{background:var(--wait-bg);color:var(--wait)}.stop{background:var(--stop-bg);color:var(--stop)}
h1{font-size:22px;line-height:1.25;letter-spacing:-.01em;margin-bottom:8px;text-wrap:balance}
.head p{color:var(--soft);text-wrap:balance}
.head p+p{margin-top:8px}
h2{font-size:13px;font-weight:600;color:var(--soft);margin-bottom:10px}
.rows{display:grid;gap:10px}
.row{display:flex;justify-content:space-between;gap:16px}
.row>:first-child{min-width:0;overflow-wrap:anywhere}
.row>:last-child{white-space:nowrap;font-variant-numeric:tabular-nums}
.soft{color:var(--soft)}
.was{text-decoration:line-through;color:var(--soft);margin-inline-end:6px}
.total{border-top:1px solid var(--line);margin-top:12px;padding-top:12px;font-weight:680;font-size:18px}
.button{display:block;text-align:center;text-decoration:none;font-weight:650;padding:14px 18px;border-radius:12px;background:var(--go);color:var(--go-ink);margin-top:18px}
.button:focus-visible,a:focus-visible{outline:3px solid var(--go);outline-offset:3px}
a{color:var(--go)}
.steps{list-style:none;padding:0;display:grid}
.steps li{position:relative;padding:0 0 18px 30px;color:var(--soft)}
.steps li:last-child{padding-bottom:0}
.steps li::before{content:"";position:absolute;left:4px;top:5px;width:11px;height:11px;border-radius:50%;background:var(--card);border:2px solid var(--line)}
.steps li::after{content:"";position:absolute;left:10px;top:20px;bottom:-5px;width:2px;background:var(--line)}
.steps li:last-child::after{display:none}
.steps .done{color:var(--ink)}
.steps .done::before{background:var(--go);border-color:var(--go)}
.steps .now{font-weight:650}
.track{border-top:1px solid var(--line);margin-top:16px;padding-top:14px;overflow-wrap:anywhere}
.ref{text-align:center;font-size:13px;color:var(--soft);padding-top:6px}
`;

/** One piece, because the policy names the hash of exactly what stands between the tags. */
export const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

const hash = createHash('sha256').update(STYLE).digest('base64');

/** For every answer of the link's pages: nothing runs, nothing loads, nobody frames, nothing is kept or passed on. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
  'permissions-policy': 'payment=(), camera=(), microphone=(), geolocation=()',
};
