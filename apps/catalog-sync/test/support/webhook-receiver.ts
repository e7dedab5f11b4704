import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Delivery {
  raw: Buffer;
  /** `Waco-Signature` */
  signature: string;
}

export interface Receiver {
  url: string;
  /** Resolves with the first delivery, come or to come, that `wanted` is true of; it is not given out again. */
  next(wanted: (body: { type: string; data: Record<string, unknown> }) => boolean): Promise<Delivery>;
  /** Refuses so many deliveries. */
  refuse(times: number): void;
  /** Keeps deliveries of this type waiting until it is told to take them. */
  hesitateAt(type: string): { answer: () => void };
  close(): Promise<void>;
}

/** Takes webhooks on a free port. */
export async function openReceiver(): Promise<Receiver> {
  const kept: Delivery[] = [];
  const waiting: { wanted: (delivery: Delivery) => boolean; take: (delivery: Delivery) => void }[] = [];
  let refusals = 0;
  let hesitation: { type: string; over: Promise<void> } | undefined;
  const receive = (raw: Buffer, signature: string): number => {
    if (refusals > 0) {
      refusals -= 1;
      return 503;
    }
    const delivery = { raw, signature };
    const at = waiting.findIndex(({ wanted }) => wanted(delivery));
    if (at >= 0) waiting.splice(at, 1)[0]!.take(delivery);
    else kept.push(delivery);
    return 204;
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (raw) => {
      const { type } = JSON.parse(raw.toString()) as { type: string };
      if (hesitation?.type === type) await hesitation.over;
      response.statusCode = receive(raw, String(request.headers['waco-signature']));
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    next: (said) => {
      const wanted = ({ raw }: Delivery): boolean => said(JSON.parse(raw.toString()) as never);
      const at = kept.findIndex(wanted);
      if (at >= 0) return Promise.resolve(kept.splice(at, 1)[0]!);
      return new Promise((take) => waiting.push({ wanted, take }));
    },
    refuse: (times) => {
      refusals = times;
    },
    hesitateAt: (type) => {
      let answer = (): void => {};
      const over = new Promise<void>((done) => (answer = done));
      hesitation = { type, over };
      return { answer };
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
