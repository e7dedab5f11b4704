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

/** The smallest picture there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

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

  describe.each([
    ['a phone', { width: 390, height: 844 }],
    ['a desktop', { width: 1280, height: 860 }],
  ])('files on %s', (name, viewport) => {
    let context;
    let page;
    let dialog;
    const button = (of, label) => of.getByRole('button', { name: label });

    beforeEach(async () => {
      context = await browser.newContext({ viewport });
      page = await context.newPage();
      page.setDefaultTimeout(20_000);
      // From now on the browser hands dialogs for files over: told only when one is waited for, it may be too late.
      page.on('filechooser', () => undefined);
      await page.goto(stack.urls.phone);
      dialog = page.getByRole('dialog');
      await newPerson(page, dialog, name);
    });
    afterEach(() => context.close());

    /** By keys alone: from the button beside the text to the dialog of the system. */
    async function choose(file) {
      await button(page, 'Attach a file, a cart or a place').press('Enter');
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        button(dialog, /^A file/).press('Enter'),
      ]);
      await chooser.setFiles(file);
    }

    it.each([
      ['a picture', 'shirt.png', 'image/png', 'image', 'Do you have this?'],
      ['a video', 'walk.mp4', 'video/mp4', 'video', 'How it falls'],
      ['a document', 'receipt.pdf', 'application/pdf', 'document', 'My receipt'],
      ['an audio file', 'voice.m4a', 'audio/x-m4a', 'audio', undefined],
      ['a sticker', 'wave.webp', 'image/webp', 'sticker', undefined],
    ])('sends %s', async (what, fileName, mimeType, type, caption) => {
      await choose({ name: fileName, mimeType, buffer: PNG });
      const sheet = page.getByRole('dialog', { name: `Send ${what}` });
      await sheet.getByText(fileName).waitFor();
      expect(await sheet.getByLabel('Caption').count()).toBe(caption ? 1 : 0);
      // Focus is where the person goes on, so that Enter sends.
      if (caption) await page.keyboard.type(caption);
      await page.keyboard.press('Enter');
      await sheet.waitFor({ state: 'detached' });
      expect(await button(page, /^Attach/).evaluate((node) => node === document.activeElement)).toBe(true);
      const [, customerId, phoneNumberId] = /#([^/]+)\/(.+)$/.exec(page.url());
      const thread = `${stack.urls.sandbox}/phone/api/threads/${customerId}/${phoneNumberId}`;
      const { messages } = await (await fetch(thread)).json();
      const { message } = messages.find((item) => item.direction === 'out');
      expect(message.type).toBe(type);
      expect(message[type].caption).toBe(caption);
      const file = await fetch(`${stack.urls.sandbox}/phone/api/media/${message[type].id}`);
      expect(Buffer.from(await file.arrayBuffer()).equals(PNG)).toBe(true);
      await page.locator('.msg.out').waitFor();
      // Waco has had the webhook, and answers.
      await page.locator('.msg.in').first().waitFor();
    });

    it('shows what is sent, and opens a document', async () => {
      await choose({ name: 'shirt.png', mimeType: 'image/png', buffer: PNG });
      await page.keyboard.press('Enter');
      const shown = page.locator('.msg.out').getByRole('img', { name: 'Picture' });
      await shown.waitFor();
      expect(await shown.evaluate((image) => image.complete && image.naturalWidth)).toBe(1);
      await choose({ name: 'receipt.pdf', mimeType: 'application/pdf', buffer: PNG });
      await page.keyboard.press('Enter');
      const link = page.locator('.msg.out').getByRole('link', { name: 'receipt.pdf' });
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      expect(download.suggestedFilename()).toBe('receipt.pdf');
    });

    it.each([
      ['of another type', 'x.gif', 'image/gif', PNG, 'WhatsApp does not take files of this type.'],
      ['that is empty', 'x.png', 'image/png', Buffer.alloc(0), 'The file is empty.'],
      [
        'that is too large',
        'x.png',
        'image/png',
        Buffer.alloc(5 * 1_048_576 + 1),
        'A picture may have 5 MB at most. This one has 5.1 MB.',
      ],
    ])(
      'says why it does not send a file %s, and takes another',
      async (_what, fileName, mimeType, buffer, why) => {
        await choose({ name: fileName, mimeType, buffer });
        expect(await page.getByRole('alert').innerText()).toBe(why);
        await dialog.getByText('Pictures up to 5 MB: JPEG, PNG').waitFor();
        const another = button(dialog, 'Choose another file');
        expect(await another.evaluate((node) => node === document.activeElement)).toBe(true);
        const [chooser] = await Promise.all([page.waitForEvent('filechooser'), another.press('Enter')]);
        await chooser.setFiles({ name: 'shirt.png', mimeType: 'image/png', buffer: PNG });
        await page.getByRole('dialog', { name: 'Send a picture' }).waitFor();
        await page.keyboard.press('Escape');
        expect(await dialog.count()).toBe(0);
        expect(await page.locator('.msg.out').count()).toBe(0);
      },
    );

    it('keeps the caption when the sandbox refuses', async () => {
      await choose({ name: 'shirt.png', mimeType: 'image/png', buffer: PNG });
      await page.getByLabel('Caption').fill('Do you have this?');
      const path = '**/phone/api/threads/*/*/media';
      await page.route(path, (route) => route.fulfill({ status: 422, json: { detail: 'Not this one.' } }));
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'Not this one.' }).waitFor();
      await page.unroute(path);
      await button(dialog, 'Send').click();
      await page.locator('.msg.out').getByText('Do you have this?').waitFor();
    });

    it('takes one file that is dropped or pasted, and no two', async () => {
      const carried = (count) =>
        page.evaluateHandle(
          ([base64, files]) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            for (let i = 0; i < files; i++) {
              transfer.items.add(new File([bytes], `${i}.png`, { type: 'image/png' }));
            }
            return transfer;
          },
          [PNG.toString('base64'), count],
        );
      const hint = page.getByText('Drop the file to send it');
      await page.dispatchEvent('#thread', 'dragenter', { dataTransfer: await carried(1) });
      await hint.waitFor();
      await page.dispatchEvent('#thread', 'drop', { dataTransfer: await carried(1) });
      await page.getByRole('dialog', { name: 'Send a picture' }).waitFor();
      await hint.waitFor({ state: 'hidden' });
      await page.keyboard.press('Escape');

      await page.dispatchEvent('#thread', 'drop', { dataTransfer: await carried(2) });
      expect(await page.getByRole('alert').innerText()).toBe('One file at a time.');
      await page.keyboard.press('Escape');

      const clipboardData = await carried(1);
      await page.locator('#draft').evaluate((draft, data) => {
        draft.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }));
      }, clipboardData);
      await button(page.getByRole('dialog', { name: 'Send a picture' }), 'Send').click();
      await page.locator('.msg.out').waitFor();
    });
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
  const person = name === 'a phone' ? 'Aisha' : 'Omar';
  await dialog.getByRole('textbox', { name: 'Name' }).fill(person);
  await dialog.getByRole('button', { name: 'Start chatting' }).click();
  // The chat of the person before may stand there still; the address changes with the new one, and that closes every dialog.
  await page.locator('#person-button').getByText(person).waitFor({ state: 'attached' });
  await dialog.waitFor({ state: 'detached' });
  await page.evaluate(() => new Promise((resume) => setTimeout(resume)));
  await page.getByText('A test chat with').waitFor();
}
