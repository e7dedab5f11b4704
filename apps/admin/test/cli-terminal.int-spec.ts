import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { programOf, run } from '../src/cli/program.js';

/** Every character that must not reach a terminal as it is: by ranges, apart from the code under test. */
const RANGES: [first: number, last: number][] = [
  ...([
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x180e, 0x180e],
    [0x200b, 0x200f],
  ] as const),
  ...([
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
  ] as const),
  ...([
    [0x1d173, 0x1d17a],
    [0xe0001, 0xe0001],
    [0xe0020, 0xe007f],
    [0xe0100, 0xe0110],
  ] as const),
].map(([first, last]) => [first, last]);
const CHARACTERS = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)),
);
const HIDDEN = new RegExp(
  `[${RANGES.map(([a, b]) => `\\u{${a.toString(16)}}-\\u{${b.toString(16)}}`).join('')}]`,
  'gu',
);
/** One text with all of them, a letter between two; and how a person's own writing looks beside it. */
const HOSTILE = `n${CHARACTERS.join('x')}n`;
const ARABIC = 'عائشة بنت محمد';

/** Whatever a command looks for in an answer is there, and every text in it is hostile. */
const t = HOSTILE;
const money = { minor: 100, currency: t };
const row: Record<string, unknown> = {
  id: t,
  name: t,
  slug: t,
  merchantId: t,
  key: t,
  status: t,
  state: t,
  phase: t,
  kind: t,
  account: t,
  etag: t,
  text: t,
  reason: t,
  why: t,
  what: t,
  title: t,
  source: t,
  stream: t,
  actor: t,
  action: t,
  target: t,
  to: t,
  summary: t,
  decision: t,
  messageId: t,
  webhookUrl: t,
  language: t,
  category: t,
  purpose: t,
  displayName: t,
  country: t,
  currency: t,
  ref: t,
  number: t,
  createdAt: t,
  updatedAt: t,
  at: t,
  receivedAt: t,
  parkedAt: t,
  verifiedAt: t,
  releasedAt: null,
  lastUsedAt: t,
  expiresAt: t,
  revokedAt: t,
  paidAt: t,
  sentAt: t,
  readAt: t,
  deliveredAt: t,
  decidedAt: t,
  openOrderRef: t,
  phoneNumberId: t,
  businessAccountId: t,
  baseUrl: t,
  rows: t,
  parameters: [t],
  scopes: [t],
  fields: [{ name: t, label: t }],
  capabilities: [t],
  aliases: [{ value: t }],
  orders: [{ ref: t }],
  total: money,
  outcome: t,
  refused: { count: 3, since: t, lastAt: t, reasons: { [t]: 3 } },
  subscribed: t,
  content: { body: t },
  destination: { why: t },
  error: { details: t },
  attempts: t,
  erasureId: t,
  arabic: ARABIC,
  details: { outcome: t, reason: t, amount: money, total: money, decision: t, error: t },
  [t]: t,
};
const ANSWER: Record<string, unknown> = {
  ...row,
  items: [row],
  nextCursor: null,
  steps: [
    { step: `template:${t}`, ok: false, missing: t, fix: t },
    { step: t, ok: true, note: t },
  ],
  ready: false,
  lookedAt: [t],
  attempts: [{ at: t, words: t }],
  statuses: [{ at: t, words: t }],
  parts: { [t]: t },
  breaks: [{ chain: t, seq: t, why: t }],
  heads: [{ chain: t }],
  queued: { [t]: t },
  leftAlone: { [t]: 3 },
};
const PROBLEM = {
  title: t,
  code: t,
  detail: t,
  errors: [{ field: t, rule: t, detail: t }],
};

/** What the API says of vendors, among hostile ones. */
const VENDORS = [
  {
    port: 'payment',
    kind: 'stripe',
    fields: ['secretKey', 'webhookSecret'].map((name) => ({ name, label: name, secret: true })),
    capabilities: [],
  },
  { port: 'store', kind: 'rest', fields: [], capabilities: [] },
];

/** How to call what needs more than a value for each of its arguments and options. */
const ARGUMENTS: Record<string, string[]> = {
  'settings get': [],
  'settings set': ['payments', '{"routes": []}'],
  'people export': ['--phone', '+971501234567'],
  'people erase': ['--phone', '+971501234567'],
  'connections test': [],
  'audit verify': [],
  onboard: ['--file', 'plan.json', '--wait', '0', '--test-number', '+971501234567'],
  'template put': [
    'order_shipped',
    '--name',
    'a',
    '--language',
    'en',
    '--category',
    'utility',
    '--body',
    'b',
  ],
  connect: ['stripe'],
};
/** What says only that it is done, in words of the client's own. */
const OWN_WORDS = ['merchants export', 'keys revoke'];

function leaves(command: Command, path: string[] = []): [name: string, command: Command][] {
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]));
}

const COMMANDS = leaves(programOf());

/** A command line that this command takes. */
function argumentsOf(name: string, command: Command): string[] {
  const given = ARGUMENTS[name];
  if (given) return [...name.split(' '), ...given];
  const values = command.registeredArguments.map((argument) =>
    argument.name() === 'id' ? 'thr_1' : 'mer_1',
  );
  const options = command.options
    .filter(({ long, required }) => required && !/^--(cursor|overlap|erase-after-days|.*-file)$/.test(long!))
    .flatMap(({ long }) => [long!, long === '--limit' ? '50' : long === '--out' ? 'out.jsonl' : 'given']);
  return [...name.split(' '), ...values, ...options];
}

interface Ended {
  code: number | string | undefined;
  out: string;
  err: string;
}

describe('what the command-line client prints', () => {
  let server: Server;
  let folder: string;
  let answer: () => [status: number, body: string];
  const environment = { ...process.env };
  const home = process.cwd();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waco-terminal-'));
    writeFileSync(
      join(folder, 'plan.json'),
      JSON.stringify({
        merchant: { slug: 's', name: 'n', country: 'AE', currency: 'AED' },
        stripe: {},
        templates: { a: {} },
      }),
    );
    server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        const [status, body] =
          request.url!.endsWith('/export') && request.method === 'GET' ? exported() : answer();
        const isVendors = request.url!.startsWith('/v1/vendors') && body === JSON.stringify(ANSWER);
        response.writeHead(status, { 'content-type': 'application/json', etag: '"\u009b1"' });
        response.end(isVendors ? JSON.stringify({ ...ANSWER, items: [row, ...VENDORS] }) : body);
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    Object.assign(process.env, {
      WACO_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      WACO_API_KEY: 'a-key',
      WACO_MERCHANT: 'mer_1',
      WACO_WHATSAPP_ACCESS_TOKEN: 'a-token',
      WACO_STORE_API_KEY: 'a-key-of-a-shop',
      WACO_STORE_WEBHOOK_SECRET: 'a-secret-of-a-shop',
      WACO_STRIPE_SECRET_KEY: 'sk_test_1234',
      WACO_STRIPE_WEBHOOK_SECRET: 'whsec_1234',
    });
    process.chdir(folder);
  });

  afterAll(async () => {
    process.chdir(home);
    process.env = environment;
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true });
  });

  const exported = (): [number, string] => {
    const [status, body] = answer();
    return status === 200 ? [200, `${body}\n{"end":true,"rows":1}\n`] : [status, body];
  };

  /** Runs a command line in this process, with what it writes kept. */
  async function waco(args: string[]): Promise<Ended> {
    const kept = { out: '', err: '' };
    const write = { out: process.stdout.write, err: process.stderr.write };
    const keep = (name: 'out' | 'err') => (chunk: string | Buffer) => {
      kept[name] += chunk.toString();
      return true;
    };
    process.stdout.write = keep('out') as typeof process.stdout.write;
    process.stderr.write = keep('err') as typeof process.stderr.write;
    const before = process.exitCode;
    process.exitCode = undefined;
    try {
      await run(['node', 'waco', ...args]);
      return { ...kept, code: process.exitCode ?? undefined };
    } finally {
      process.stdout.write = write.out;
      process.stderr.write = write.err;
      process.exitCode = before;
    }
  }

  const hiddenIn = (text: string): string[] => text.replaceAll('\n', '').match(HIDDEN) ?? [];

  it('is looked at for every command', () => {
    expect(COMMANDS.length).toBeGreaterThan(40);
  });

  describe.each(COMMANDS)('%s', (name, command) => {
    it('shows every character of an answer, in lines of its own making', async () => {
      answer = () => [200, JSON.stringify(ANSWER)];
      const { code, out, err } = await waco(argumentsOf(name, command));
      expect([code, hiddenIn(out), hiddenIn(err)]).toEqual([code, [], []]);
      expect(code ?? 0).toBeLessThan(2);
      expect(out + err).not.toBe('');
      if (out.includes(ARABIC[0]!)) expect(out).toContain(ARABIC);
    });

    it('prints as JSON what the API said, character for character', async () => {
      answer = () => [200, JSON.stringify(ANSWER)];
      const { out, err } = await waco(['--json', ...argumentsOf(name, command)]);
      expect([hiddenIn(out), hiddenIn(err)]).toEqual([[], []]);
      if (OWN_WORDS.includes(name)) return;
      // Both sides are written by JSON.stringify, so equal texts mean equal values.
      expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(HOSTILE));
    });

    it('says as it is what went wrong', async () => {
      answer = () => [422, JSON.stringify(PROBLEM)];
      for (const json of [[], ['--json']]) {
        const { code, out, err } = await waco([...json, ...argumentsOf(name, command)]);
        expect([code, hiddenIn(out), hiddenIn(err)]).toEqual([1, [], []]);
        expect(err).toMatch(/^waco: n/m);
      }
    });

    it('survives an answer that is none of the API’s', async () => {
      for (const body of [
        '"\u009b"',
        '[]',
        '{}',
        'null',
        `\u009b${t}`,
        JSON.stringify({ items: [{ [t]: t }] }),
      ]) {
        answer = () => [200, body];
        const { out, err } = await waco(argumentsOf(name, command));
        expect([body, hiddenIn(out), hiddenIn(err)]).toEqual([body, [], []]);
      }
    });
  });

  it('repeats a wrong command line so that it can be seen', async () => {
    const { code, out, err } = await waco(['merchants', `--\u009b31m${HOSTILE}`]);
    expect([code, hiddenIn(out + err)]).toEqual([2, []]);
    expect(err).toContain('31m');
  });

  it('goes through one place', () => {
    const cli = resolve(home, 'apps/admin/src/cli');
    const writing = readdirSync(cli).filter((file) =>
      /process\.std(out|err)\.write|console\./.test(readFileSync(join(cli, file), 'utf8')),
    );
    expect(writing).toEqual(['terminal.ts']);
  });
});
