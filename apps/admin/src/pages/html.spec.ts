import { html } from './html.js';
import { loginPage } from './pages.js';

describe('pages', () => {
  it('escapes what is put in, once', () => {
    const inner = html`<b>${'<script>"&\''}</b>`;
    expect(html`<p>${inner}${[inner]}</p>`.html).toBe(
      '<p><b>&lt;script&gt;&quot;&amp;&#39;</b><b>&lt;script&gt;&quot;&amp;&#39;</b></p>',
    );
  });

  it('cannot be broken out of by what a visitor sends', () => {
    expect(loginPage({ next: '"><script>alert(1)</script>' })).not.toContain('<script>');
  });
});
