import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { forward, listen, PaymentPage } from './support/payment-page.js';

const COMMAND = fileURLToPath(new URL('../../../deploy/conform-payments.mjs', import.meta.url));
const [apiKey, webhookSecret] = ['sk_conform_1', 'wh_conform_1'];

interface Outcome {
  code: number | null;
  /** Rules that do not hold, with what was found. */
  faults: string[];
  output: string;
}

function run(args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)));
    child.on('error', reject);
    child.on('close', (code) => {
      const faults = output.split('\n').filter((line) => /^(BROKEN|unknown) /.test(line));
      resolve({ code, faults, output });
    });
  });
}

async function freePort(): Promise<number> {
  const { port, close } = await listen(() => undefined);
  await close();
  return port;
}

/** Runs the command against the example, behind what `breakIt` makes of its calls. */
async function conform(
  breakIt: { signedWith?: string; front?: Parameters<typeof listen>[0] } = {},
  patience = '5',
): Promise<Outcome> {
  const port = await freePort();
  const page = await PaymentPage.open({
    apiKey,
    webhookSecret: breakIt.signedWith ?? webhookSecret,
    webhookUrl: `http://127.0.0.1:${port}/`,
  });
  const front = await listen(
    breakIt.front ??
      (async (request, body, response) => {
        const { status, type, text } = await forward(page.url, request, body, change(request.url!));
        response.writeHead(status, { 'content-type': type }).end(text);
      }),
  );
  const given = ['--url', front.url, '--api-key', apiKey, '--webhook-secret', webhookSecret];
  try {
    return await run([...given, '--port', String(port), '--patience', patience]);
  } finally {
    await front.close();
    await page.close();
  }
}

/** Headers that the front puts on a call to the example. */
let change: (path: string) => Record<string, string> = () => ({});
afterEach(() => {
  change = () => ({});
});
const otherKey = (path: RegExp) => {
  change = (called): Record<string, string> => (path.test(called) ? { 'idempotency-key': randomUUID() } : {});
};

describe('npm run conform:payments', () => {
  it('finds that the example keeps every rule', async () => {
    const { code, faults, output } = await conform();
    expect(faults).toEqual([]);
    expect(output).toMatch(/\n(\d+) rules: \1 hold, 0 are broken, 0 could not be checked\.\n$/);
    expect(code).toBe(0);
  });

  it('finds a service that signs with another secret', async () => {
    const { code, faults } = await conform({ signedWith: 'wh_another_1' });
    expect(faults).toEqual([
      expect.stringMatching(/^BROKEN +Every webhook is signed .*: its signature is not that of its body/),
    ]);
    expect(code).toBe(1);
  });

  it('finds a service that opens another page for the same key', async () => {
    otherKey(/^\/v1\/payments$/);
    const { code, faults } = await conform();
    expect(faults).toEqual([
      expect.stringMatching(/The same key with the same body .*: a repeat gave another page$/),
      expect.stringMatching(/The same key five times at once .*: 5 pages were opened$/),
      expect.stringMatching(/The same key with another body .* is answered 201, not 422/),
      expect.stringMatching(/Without a key nothing opens/),
    ]);
    expect(code).toBe(1);
  });

  it('finds a service that refunds twice', async () => {
    otherKey(/\/refunds$/);
    const { code, faults } = await conform();
    expect(faults).toEqual([
      expect.stringMatching(
        /A refund under one key happens once: a repeat of the call made a second refund$/,
      ),
    ]);
    expect(code).toBe(1);
  });

  it('says what could not be checked when there are no test paths', async () => {
    const page = await PaymentPage.open({ apiKey, webhookSecret, webhookUrl: 'http://127.0.0.1:9/' });
    const { code, faults } = await conform({
      front: async (request, body, response) => {
        if (request.url!.startsWith('/v1/test/')) request.url = '/v1/none';
        const { status, type, text } = await forward(page.url, request, body);
        response.writeHead(status, { 'content-type': type }).end(text);
      },
    });
    await page.close();
    expect(faults).toContainEqual(
      expect.stringMatching(/^unknown +A declined card .*: the test path does not do it: .* 404 not_found$/),
    );
    expect(code).toBe(1);
  });

  it('outlives a service that answers nonsense, or nothing', async () => {
    for (const answer of ['null', '<html>', '{"id":"x"}']) {
      const { code, output } = await conform({
        front: (_request, _body, response) => void response.end(answer),
      });
      expect(output).toMatch(/rules: \d+ hold, \d+ are broken, \d+ could not be checked\.\n$/);
      expect(code).toBe(1);
    }
    const { code, output } = await conform(
      { front: (_request, _body, response) => void response.destroy() },
      '1',
    );
    expect(output).toMatch(/rules: 0 hold, /);
    expect(code).toBe(1);
  });

  it('says how it is used', async () => {
    const { code, output } = await run(['--url', 'http://127.0.0.1:9']);
    expect(output).toContain('--url, --api-key and --webhook-secret are needed.');
    expect(code).toBe(1);
  });
});
