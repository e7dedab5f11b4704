import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Problem } from '../local/settings.mjs';

const HEADER = /^t=([1-9]\d{0,10})((?:,v1=[0-9a-f]{64}){1,10})$/;

/** Receives webhooks and keeps them all, also those that Waco would refuse, with what is wrong with their signature. */
export class Receiver {
  /** In the order of their arrival: `{ at, time, rawBody, event, flaw }`. */
  deliveries = [];
  #waiting = new Set();
  #refusing = new Set();

  constructor(secret) {
    this.secret = secret;
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => response.writeHead(this.#take(request.headers, Buffer.concat(chunks))).end());
    });
  }

  async listen(port, host) {
    await new Promise((resolve, reject) => {
      this.server.once('error', (error) =>
        reject(new Problem(`Cannot listen on ${host}:${port}: ${error.message}`)),
      );
      this.server.listen(port, host, resolve);
    });
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The first delivery of a payment's event of this type is answered with 503, as if Waco could not take it. */
  refuseOnce(paymentId, type) {
    this.#refusing.add(`${paymentId} ${type}`);
  }

  of(paymentId, type) {
    return this.deliveries.filter(({ event }) => event?.data?.id === paymentId && event.type === type);
  }

  /** So many deliveries of a payment's event, or undefined when they do not come within the patience. */
  async expect(paymentId, type, count, patienceMs) {
    const until = Date.now() + patienceMs;
    for (;;) {
      const found = this.of(paymentId, type);
      if (found.length >= count) return found;
      const left = until - Date.now();
      if (left <= 0) return undefined;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #take(headers, rawBody) {
    const at = Date.now();
    const event = parsed(rawBody);
    this.deliveries.push({ at, rawBody, event, ...this.#judge(headers['waco-signature'], rawBody, at) });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return this.#refusing.delete(`${event?.data?.id} ${event?.type}`) ? 503 : 204;
  }

  #judge(header, rawBody, at) {
    if (header === undefined) return { flaw: 'it has no Waco-Signature' };
    const [, time, signatures] = HEADER.exec(header) ?? [];
    if (time === undefined) return { flaw: 'its Waco-Signature is not of the form t=<seconds>,v1=<hex>' };
    const expected = createHmac('sha256', this.secret).update(`${time}.`).update(rawBody).digest();
    const given = signatures.slice(1).split(',').map((part) => Buffer.from(part.slice('v1='.length), 'hex')); // prettier-ignore
    if (!given.some((mac) => timingSafeEqual(mac, expected))) {
      return { time, flaw: 'its signature is not that of its body under the secret' };
    }
    const distance = Math.round(Math.abs(at / 1_000 - Number(time)));
    return distance > 300 ? { time, flaw: `its time is ${distance} s away` } : { time };
  }
}

function parsed(rawBody) {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined; // kept as bytes: the rule of well-formed events says so
  }
}
