// The worker of a queue-per-request bot, the way tutorials build it: it takes a webhook's body from the queue, changes
// the customer's cart, and sends the reply. No transaction holds the two together, nothing remembers what was done. It
// repeats what it cannot do: a greeting, a category and a search cost it no look-up. A status is a job like any other, and
// nothing is done with it.
import { createServer } from 'node:http';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

const { REDIS_URL, DATABASE_URL, VENDOR_URL, PORT } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
pool.on('error', () => undefined);

const worker = new Worker(
  'whatsapp',
  async (job) => {
    for (const { changes } of job.data.entry) {
      for (const { value } of changes) {
        for (const message of value.messages ?? []) await answer(message, value.metadata.phone_number_id);
      }
    }
  },
  { connection: new Redis(REDIS_URL, { maxRetriesPerRequest: null }), concurrency: 10 },
);
worker.on('error', () => undefined);

async function answer(message, from) {
  const { button_reply: tapped, list_reply: picked } = message.interactive ?? {};
  if (!tapped?.id.startsWith('add|')) {
    return send(
      from,
      message.from,
      `I found nothing for “${message.text?.body ?? (tapped ?? picked)?.title}”`,
    );
  }
  const { rows } = await pool.query('SELECT quantity FROM carts WHERE phone = $1', [message.from]);
  const quantity = (rows[0]?.quantity ?? 0) + 1;
  await pool.query(
    `INSERT INTO carts (phone, quantity) VALUES ($1, $2)
     ON CONFLICT (phone) DO UPDATE SET quantity = excluded.quantity`,
    [message.from, quantity],
  );
  return send(from, message.from, `${quantity} × White Organic T-Shirt`);
}

async function send(from, to, body) {
  const response = await fetch(`${VENDOR_URL}/graph/v25.0/${from}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
  });
  if (!response.ok) throw new Error(`the message was refused: ${response.status}`);
}

await worker.waitUntilReady();
createServer((_request, response) => response.end()).listen(Number(PORT));
