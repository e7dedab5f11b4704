import { setTimeout as sleep } from 'node:timers/promises';

/** JSON over HTTP. Answers of 400 and more are errors that name the call; a refused connection is tried again. */
export function http(baseUrl) {
  const call = async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(`${baseUrl}${path}`, {
          method,
          headers: body === undefined ? {} : { 'content-type': 'application/json' },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await response.text();
        if (!response.ok)
          throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
        return text ? JSON.parse(text) : undefined;
      } catch (error) {
        if (!(error instanceof TypeError) || attempt === 20) throw error;
        await sleep(250);
      }
    }
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
  };
}

/** A customer with a phone, who reads one message after the other. */
export class Customer {
  #seen = 0;

  constructor(sandbox, customerId, phoneNumberId, patienceMs) {
    this.sandbox = sandbox;
    this.customerId = customerId;
    this.thread = `/phone/api/threads/${customerId}/${phoneNumberId}`;
    this.patienceMs = patienceMs;
  }

  static async create(sandbox, phoneNumberId, { patienceMs, ...person }) {
    const { customerId } = await sandbox.post('/phone/api/customers', person);
    return new Customer(sandbox, customerId, phoneNumberId, patienceMs);
  }

  write(text) {
    return this.#send({ type: 'text', text });
  }

  /** Taps a row or a button of a message that offered it. */
  tap(message, id) {
    const type = message.rows.some((row) => row.id === id) ? 'list_reply' : 'button_reply';
    return this.#send({ type, messageId: message.id, id });
  }

  sendCart(items) {
    return this.#send({ type: 'order', items });
  }

  /**
   * The next message to the customer that fits; messages before it are passed over.
   * @throws Error saying what was waited for and what came instead.
   */
  async next(what, fits = () => true) {
    const passed = [];
    for (const deadline = Date.now() + this.patienceMs; Date.now() < deadline; await sleep(100)) {
      const { messages } = await this.sandbox.get(`${this.thread}?after=${this.#seen}`);
      for (const raw of messages) {
        this.#seen = raw.seq;
        if (raw.direction !== 'in') continue;
        const message = readable(raw);
        if (fits(message)) return message;
        passed.push(message.text);
      }
    }
    throw new Error(
      `no message within ${this.patienceMs / 1_000} s: ${what}${passed.length > 0 ? `; instead came: ${passed.join(' / ')}` : ''}`,
    );
  }

  #send(body) {
    return this.sandbox.post(`${this.thread}/messages`, body);
  }
}

function readable({ id, message, text }) {
  const action = message.interactive?.action ?? {};
  return {
    id,
    kind: message.interactive?.type ?? message.type,
    template: message.template?.name,
    text,
    body: message.interactive?.body?.text ?? message.text?.body ?? text,
    rows: (action.sections ?? []).flatMap((section) => section.rows ?? []),
    buttons: (action.buttons ?? []).map((button) => button.reply),
    url: action.parameters?.url,
  };
}
