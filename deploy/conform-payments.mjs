import './local/node-version.mjs';
import { parseArgs } from 'node:util';
import { RULES } from './conform/payment-rules.mjs';
import { Broken, MERCHANT, PaymentService, Unknown } from './conform/payment-service.mjs';
import { Receiver } from './conform/receiver.mjs';
import { runCommand, say } from './local/console.mjs';
import { Problem } from './local/settings.mjs';

const USAGE = `npm run conform:payments -- --url <base URL> --api-key <key> --webhook-secret <secret>
  [--port 4021] [--host 127.0.0.1] [--patience 10]

Checks a payment service against libs/adapters/signed-payments/payment-contract.openapi.yaml. The service must be in
test mode, have the paths below /v1/test/, and send its webhooks to this command, on --port of --host. --patience is
how many seconds a webhook may take. The exit code is 0 when every rule holds.`;

/** `npm run conform:payments`: says of each rule of the payment contract whether a running service keeps it. */
runCommand(async () => {
  const { url, apiKey, secret, port, host, patienceMs } = readOptions();
  const service = new PaymentService(url, apiKey);
  const receiver = new Receiver(secret);
  await receiver.listen(port, host);
  say(`Checks ${url} against the payment contract, version 1. Webhooks are received at
http://${host}:${port}/: configure an address that leads there in the payment service, and the webhook secret that was
given to this command.
`);
  const told = (id, type, count = 1) => expectEvent(receiver, { id, type, count, patienceMs });
  const counts = { holds: 0, BROKEN: 0, unknown: 0 };
  try {
    for (const { rule, check } of RULES) {
      const [verdict, found] = await verdictOf(() => check({ service, receiver, told, patienceMs }));
      counts[verdict] += 1;
      say(`${verdict.padEnd(8)} ${rule}${found ? `: ${found}` : ''}`);
    }
  } finally {
    receiver.close();
  }
  const { holds, BROKEN: broken, unknown } = counts;
  say(`\n${RULES.length} rules: ${holds} hold, ${broken} are broken, ${unknown} could not be checked.`);
  // Not exitCode alone: a service may keep a connection of ours open.
  process.exit(holds === RULES.length ? 0 : 1);
});

async function verdictOf(check) {
  try {
    await check();
    return ['holds'];
  } catch (error) {
    if (error instanceof Unknown) return ['unknown', error.message];
    if (error instanceof Broken) return ['BROKEN', error.message];
    throw error;
  }
}

/** The newest of so many events of a payment, which must name the merchant. @throws Broken when they do not come. */
async function expectEvent(receiver, { id, type, count, patienceMs }) {
  const deliveries = await receiver.expect(id, type, count, patienceMs);
  if (!deliveries) throw new Broken(`no ${type} came within ${patienceMs / 1_000} s`);
  const { event } = deliveries.at(-1);
  if (event.data.merchantId !== MERCHANT) throw new Broken(`${type} does not give back the merchantId`);
  return event;
}

function readOptions() {
  const options = {
    url: { type: 'string' },
    'api-key': { type: 'string' },
    'webhook-secret': { type: 'string' },
    port: { type: 'string', default: '4021' },
    host: { type: 'string', default: '127.0.0.1' },
    patience: { type: 'string', default: '10' },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Problem(`${error.message}\n\n${USAGE}`);
  }
  const text = (name) => String(values[name] ?? '');
  const [url, apiKey, secret, host] = ['url', 'api-key', 'webhook-secret', 'host'].map(text);
  if (!url || !apiKey || !secret)
    throw new Problem(`--url, --api-key and --webhook-secret are needed.\n\n${USAGE}`);
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Problem('--url must be an http(s) address.');
  const [port, patience] = [Number(values.port), Number(values.patience)];
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Problem('--port must be a port.');
  if (!(patience > 0)) throw new Problem('--patience must be a number of seconds.');
  return { url, apiKey, secret, port, host, patienceMs: patience * 1_000 };
}
