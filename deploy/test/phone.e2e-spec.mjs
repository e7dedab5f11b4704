import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { chromium } from 'playwright-core';
import { startStack } from '../local/stack.mjs';
import { ROOT } from '../local/settings.mjs';

const BROWSER = process.env.WACO_TEST_CHROMIUM ?? '/usr/bin/chromium';
/** Without Chromium there is nothing to try; `npm test` says so, and CI installs it. */
const describeWithBrowser = existsSync(BROWSER) ? describe : describe.skip;
/** Set to take the README's pictures anew. */
const PICTURES = process.env.UPDATE_PICTURES ? join(ROOT, 'docs', 'images') : undefined;

jest.setTimeout(300_000);

describeWithBrowser('a purchase by hand, in a browser', () => {
  let stack;
  let dataDir;
  let browser;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-phone-'));
    stack = await startStack({
      dataDir,
      portBase: 10_000 + randomInt(60) * 150,
      quiet: true,
      queueUrl: undefined,
      env: { LOG_LEVEL: 'warn' },
    });
    browser = await chromium.launch({
      executablePath: BROWSER,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it.each([
    ['a phone', { width: 390, height: 844 }],
    ['a desktop', { width: 1280, height: 860 }],
  ])('carries a purchase from "hi" to the courier on %s', async (name, viewport) => {
    const context = await browser.newContext({ viewport, deviceScaleFactor: 2 });
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('requestfailed', (request) => {
      if (!request.url().includes('/events')) problems.push(`${request.url()} failed`);
    });
    page.setDefaultTimeout(20_000);
    await page.goto(stack.urls.phone);

    // A new person opens the chat with the shop.
    const dialog = page.getByRole('dialog');
    await newPerson(page, dialog, name);
    const incoming = page.locator('.msg.in');
    const last = incoming.last();
    const say = async (text) => {
      await page.getByLabel('Message', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
    };
    const choose = async (opener, row) => {
      await last.getByRole('button', { name: opener }).click();
      await dialog.locator('.choice', { hasText: row }).first().click();
    };

    await say('hi');
    await last.getByRole('button', { name: 'See categories' }).waitFor();
    await choose('See categories', 'Hoodies');
    await last.getByRole('button', { name: 'See products' }).waitFor();
    await choose('See products', 'Black Hoodie');
    await last.getByRole('button', { name: 'Add to cart' }).click();
    await last.getByRole('button', { name: 'Check out' }).waitFor();
    await last.getByText('Total:').waitFor();
    if (PICTURES && name === 'a desktop') await picture(page, 'desktop');
    await last.getByRole('button', { name: 'Check out' }).click();

    const link = last.getByRole('link', { name: /^Pay/ });
    await link.waitFor();
    const [payPage] = await Promise.all([context.waitForEvent('page'), link.click()]);
    await payPage.waitForURL(/\/pay\/cs_/);
    await payPage.locator('#card-form button[type=submit]').click();
    await payPage.locator('#bank-approve').click();
    await payPage.waitForURL(/\/c\//);
    await payPage
      .getByText(/paid|thank/i)
      .first()
      .waitFor();
    await payPage.close();

    await incoming.filter({ hasText: 'Paid: thank you!' }).waitFor();
    const receipt = await incoming.filter({ hasText: 'Paid: thank you!' }).innerText();

    // The merchant ships from the back office; the thread says so by itself.
    const office = await context.newPage();
    await office.goto(stack.urls.shop);
    const { orders } = await (await fetch(`${stack.urls.shop}/backoffice/orders`)).json();
    const order = orders.find((o) => receipt.includes(o.number) || receipt.includes(o.orderRef));
    expect(order?.status).toBe('paid');
    await office.getByRole('button', { name: 'Create tracking code' }).first().click();
    await office.close();
    await incoming.filter({ hasText: 'tracking code' }).first().waitFor();
    await say('where is my order?');
    await incoming.filter({ hasText: 'packed' }).nth(1).waitFor();
    if (PICTURES && name === 'a phone') await picture(page, 'phone');
    expect(problems).toEqual([]);
    await context.close();
  });
});

async function picture(page, name) {
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** The phone opens with somebody at hand; the test is somebody new. */
async function newPerson(page, dialog, name) {
  await page.getByRole('button', { name: 'More' }).click();
  await dialog.getByText('New customer').click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name === 'a phone' ? 'Aisha' : 'Omar');
  await dialog.getByRole('button', { name: 'Start chatting' }).click();
  await page.getByText('A test chat with').waitFor();
}
