import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const EXAMPLE = fileURLToPath(new URL('../../../../docs/examples/payment-page/server.mjs', import.meta.url));

export interface Delivery {
  rawBody: Buffer;
  headers: Record<string, string | undefined>;
}

/** The example of a payment service, as a process of its own, told to send its webhooks to `webhookUrl`. */
export class PaymentPage {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async open(settings: {
    apiKey: string;
    webhookSecret: string;
    webhookUrl: string;
  }): Promise<PaymentPage> {
    const child = spawn(process.execPath, [EXAMPLE], {
      env: {
        API_KEY: settings.apiKey,
        WEBHOOK_SECRET: settings.webhookSecret,
        WEBHOOK_URL: settings.webhookUrl,
        PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout)) {
      const url = /^payment page on (\S+)$/.exec(line)?.[1];
      if (url) return new PaymentPage(url, child);
    }
    throw new Error('the payment page did not start');
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill();
    await once(this.child, 'exit');
  }
}

/** A listener on a free port. */
export async function listen(
  handle: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void | Promise<void>,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void handle(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Carries a request out at `target`, as it is but for `change`. */
export async function forward(
  target: string,
  request: IncomingMessage,
  body: Buffer,
  change: Record<string, string> = {},
): Promise<{ status: number; type: string; text: string }> {
  const { 'idempotency-key': key, authorization, 'content-type': type } = request.headers;
  const headers = {
    ...(authorization && { authorization }),
    ...(type && { 'content-type': type }),
    ...(typeof key === 'string' && { 'idempotency-key': key }),
    ...change,
  };
  const answer = await fetch(target + request.url!, {
    method: request.method,
    headers,
    redirect: 'manual',
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  const { status } = answer;
  return { status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}
