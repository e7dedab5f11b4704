// The process that load.mjs starts. HTTP/1.1 on plain sockets, with every request's bytes made before the first is sent:
// what the generator needs of the processor is taken from the server that is measured.
import { connect } from 'node:net';
import { signedWebhooks } from './webhooks.mjs';

process.once('message', (options) => void prepare(options));

async function prepare(options) {
  const webhooks = signedWebhooks(options.webhooks).map(({ id, body, signature }) => ({
    id,
    bytes: requestOf(options, body, signature),
  }));
  const generator = new Generator(webhooks);
  await generator.connect(options);
  process.once('message', () => void generator.run(options).then((result) => process.send(result)));
  process.send({ prepared: true });
}

function requestOf({ port, path }, body, signature) {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'user-agent: facebookexternalua',
    'content-type: application/json',
    `x-hub-signature-256: ${signature}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

class Generator {
  next = 0;
  answered = 0;
  refused = 0;
  ids = [];
  idle = [];
  /** Due and without a connection, oldest first. */
  late = [];
  over = false;

  constructor(webhooks) {
    this.webhooks = webhooks;
    this.latencies = new Float64Array(webhooks.length);
  }

  async connect({ port, connections }) {
    this.idle = await Promise.all(Array.from({ length: connections }, () => open(port)));
  }

  /** @returns what load() resolves with. */
  async run({ seconds, perSecond }) {
    const startedAt = performance.now();
    const endAt = startedAt + seconds * 1_000;
    this.finished = new Promise((resolve) => (this.finish = resolve));
    if (perSecond) this.arrive(startedAt, endAt, perSecond);
    else {
      this.endAt = endAt;
      for (const socket of this.idle.splice(0)) this.send(socket, performance.now());
    }
    await this.finished;
    const took = (performance.now() - startedAt) / 1_000;
    const latencies = this.latencies.subarray(0, this.answered);
    return { seconds: took, acknowledged: this.ids.length, refused: this.refused, ids: this.ids, latencies };
  }

  /** Open loop: exponential gaps, whatever became of those before. */
  arrive(startedAt, endAt, perSecond) {
    let dueAt = startedAt;
    const tick = () => {
      for (
        const now = performance.now();
        dueAt <= now;
        dueAt += (-Math.log(1 - Math.random()) * 1_000) / perSecond
      ) {
        const socket = this.idle.shift(); // each in turn: none is idle until the server closes it
        if (socket) this.send(socket, dueAt);
        else this.late.push(dueAt);
      }
      if (dueAt < endAt) return void setTimeout(tick, 1);
      this.over = true;
      this.endIfDone();
    };
    tick();
  }

  send(socket, dueAt) {
    const webhook = this.webhooks[this.next];
    if (!webhook) throw new Error(`more than ${this.webhooks.length} webhooks were needed: prepare more`);
    this.next += 1;
    socket.answer((status) => {
      const now = performance.now();
      this.latencies[this.answered] = now - dueAt;
      this.answered += 1;
      if (status === 200) this.ids.push(webhook.id);
      else this.refused += 1;
      if (this.endAt !== undefined) {
        // Closed loop. What was prepared may be all sent before the time is over.
        if (now < this.endAt && this.next < this.webhooks.length) return this.send(socket, now);
        this.over = true;
      } else if (this.late.length > 0) return this.send(socket, this.late.shift());
      this.idle.push(socket);
      this.endIfDone();
    });
    socket.write(webhook.bytes);
  }

  endIfDone() {
    if (!this.over || this.answered < this.next || this.late.length > 0) return;
    for (const socket of this.idle) socket.destroy();
    this.finish();
  }
}

/** A connection that has one request under way at most. `answer(callback)` is called with the status of the next answer. */
function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let waiting;
  let text = '';
  socket.setEncoding('latin1');
  socket.answer = (callback) => (waiting = callback);
  socket.on('data', (chunk) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    const status = Number(text.slice(9, 12));
    const callback = waiting;
    text = '';
    waiting = undefined;
    callback(status);
  });
  socket.on('error', (error) => fail(error));
  socket.on('close', () => waiting && fail(new Error('the server closed a connection')));
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)));
}

function fail(error) {
  process.stderr.write(`load generator: ${error.message}\n`);
  process.exit(1);
}
