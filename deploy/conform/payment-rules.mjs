import { checkEchoes, checkEvent, checkPayment } from './payment-shape.mjs';
import { aed, check, checkRefused, checkStatus, newKey, paymentRequest, PRICE, said, same } from './payment-service.mjs'; // prettier-ignore

const TOTAL = aed(PRICE + 2_000);

/**
 * The payment contract as rules that can be looked at from outside, in the order in which they are looked at. Each check
 * is given the service, the receiver of its webhooks and `told`, and throws Broken or Unknown.
 */
export const RULES = [
  {
    rule: 'GET /v1/account says whose account it is, and that it is in test mode',
    async check({ service }) {
      const { name, mode } = checkStatus(await service.call('GET', '/v1/account'), 200);
      check(
        typeof name === 'string' && name !== '' && name.length <= 200,
        'it has no name of 1 to 200 characters',
      );
      check(mode === 'test', `its mode is ${JSON.stringify(mode)}: rules are checked in test mode only`);
    },
  },
  {
    rule: 'A call without the API key, or with a wrong one, is refused: 401 unauthorized',
    async check({ service }) {
      for (const apiKey of ['', `${service.apiKey}x`]) {
        checkRefused(await service.call('GET', '/v1/account', { apiKey }), 401, 'unauthorized');
        const call = { apiKey, body: paymentRequest(), key: newKey() };
        checkRefused(await service.call('POST', '/v1/payments', call), 401, 'unauthorized');
      }
    },
  },
  {
    rule: 'A payment opens with 201 and gives back order, merchant, amount and end of the request',
    async check({ service }) {
      const request = paymentRequest();
      const payment = checkStatus(await service.create(request), 201);
      checkPayment(payment, 'the answer');
      checkEchoes(payment, request, 'the answer');
      check(payment.status === 'open', `it is ${payment.status}, not open`);
      check(payment.refunded.minor === 0, 'it says that money went back');
      const read = checkStatus(await service.read(payment.id), 200);
      checkPayment(read, 'the payment as read');
      checkEchoes(read, request, 'the payment as read');
      check(read.id === payment.id && read.status === 'open', 'read, it is another payment or not open');
    },
  },
  {
    rule: 'Its page is a web page at its address',
    async check({ service }) {
      const { url } = await service.given();
      const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
      check(answer?.ok, `the page is answered ${answer?.status ?? 'not at all'}`);
      check((answer.headers.get('content-type') ?? '').startsWith('text/html'), 'the page is no HTML');
    },
  },
  {
    rule: 'The same key with the same body gives the same page, however often',
    async check({ service }) {
      const [request, key] = [paymentRequest(), newKey()];
      const first = checkStatus(await service.create(request, key), 200, 201);
      // Equal as JSON, though not as text.
      const turned = Object.fromEntries(Object.entries(request).toReversed());
      for (const body of [request, turned]) {
        const again = checkStatus(await service.create(body, key), 200, 201);
        check(again.id === first.id && again.url === first.url, 'a repeat gave another page');
      }
    },
  },
  {
    rule: 'The same key five times at once opens one page',
    async check({ service }) {
      const [request, key] = [paymentRequest(), newKey()];
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => service.create(request, key)));
      const opened = answers.filter(({ status }) => status === 200 || status === 201);
      for (const answer of answers.filter((a) => !opened.includes(a))) {
        checkRefused(answer, 409, 'request_in_progress');
      }
      const ids = new Set(opened.map(({ body }) => body.id));
      check(ids.size === 1, `${ids.size} pages were opened`);
    },
  },
  {
    rule: 'The same key with another body is refused: 422 idempotency_key_reused',
    async check({ service }) {
      const [request, key] = [paymentRequest(), newKey()];
      checkStatus(await service.create(request, key), 200, 201);
      checkRefused(await service.create({ ...request, orderRef: `${request.orderRef}X` }, key), 422, 'idempotency_key_reused'); // prettier-ignore
    },
  },
  {
    rule: 'Another key opens another page, also for the same order',
    async check({ service }) {
      const request = paymentRequest();
      const [a, b] = [await service.create(request), await service.create(request)];
      check(checkStatus(a, 201).id !== checkStatus(b, 201).id, 'it is the same page');
    },
  },
  {
    rule: 'Without a key nothing opens: 400 idempotency_key_required',
    async check({ service }) {
      const answer = await service.call('POST', '/v1/payments', { body: paymentRequest() });
      checkRefused(answer, 400, 'idempotency_key_required');
    },
  },
  {
    rule: 'A malformed request is refused: 400 invalid_request',
    async check({ service }) {
      const wrong = {
        'an amount in words': { amount: { minor: '10900', currency: 'AED' } },
        'half a fils': { amount: aed(10_900.5) },
        'a negative amount': { amount: aed(-1), lines: [], shipping: aed(-1) },
        'an amount of nothing': { amount: aed(0), lines: [], shipping: aed(0) },
        'a currency in small letters': { amount: { minor: 10_900, currency: 'aed' } },
        'a sum that does not add up': { amount: aed(10_901) },
        'no order': { orderRef: undefined },
        'no merchant': { merchantId: '' },
        'an end in the past': { expiresAt: '2020-01-01T00:00:00.000Z' },
        'a return address that is a script': { returnUrl: 'javascript:alert(1)' },
      };
      for (const [what, change] of Object.entries(wrong)) {
        const answer = await service.create(paymentRequest(change));
        check(answer.status === 400, `with ${what}, ${said(answer)}`);
        checkRefused(answer, 400, 'invalid_request');
      }
      checkRefused(await service.create('{"amount":'), 400, 'invalid_request');
    },
  },
  {
    rule: 'A payment that does not exist is 404 not_found',
    async check({ service }) {
      const payment = { id: 'pay_does-not-exist', orderRef: 'C1' };
      checkRefused(await service.read(payment.id), 404, 'not_found');
      checkRefused(await service.cancel(payment.id), 404, 'not_found');
      checkRefused(await service.refund(payment, aed(1)), 404, 'not_found');
    },
  },
  {
    rule: 'A declined card leaves the payment open',
    async check({ service }) {
      const { id } = await service.given(['pay', 'declined']);
      const { status } = checkStatus(await service.read(id), 200);
      check(status === 'open', `it is ${status}`);
    },
  },
  {
    rule: 'A payment that is paid says so when asked, and by payment.paid',
    async check({ service, told }) {
      const { id } = await service.given(['pay', 'paid']);
      const { status, amount } = checkStatus(await service.read(id), 200);
      check(status === 'paid' && same(amount, TOTAL), `it is ${status}, of ${amount?.minor}`);
      await told(id, 'payment.paid');
    },
  },
  {
    rule: 'A payment takes money once',
    async check({ service, receiver, told }) {
      const { id } = await service.given(['pay', 'paid']);
      checkRefused(await service.act(id, 'pay', 'paid'), 409, 'not_open');
      await told(id, 'payment.paid');
      const ids = new Set(receiver.of(id, 'payment.paid').map(({ event }) => event.id));
      check(ids.size === 1, 'it was told to be paid twice, by two events');
    },
  },
  {
    rule: 'A delayed payment is pending until its money arrives, then paid',
    async check({ service, told }) {
      const { id } = await service.given(['pay', 'pending']);
      const { status } = checkStatus(await service.read(id), 200);
      check(status === 'pending', `it is ${status}, not pending`);
      await told(id, 'payment.pending');
      checkStatus(await service.act(id, 'settle', 'paid'), 200);
      const settled = checkStatus(await service.read(id), 200);
      check(settled.status === 'paid', `it is ${settled.status}, not paid`);
      await told(id, 'payment.paid');
    },
  },
  {
    rule: 'A delayed payment whose money never comes is failed',
    async check({ service, told }) {
      const { id } = await service.given(['pay', 'pending']);
      checkStatus(await service.act(id, 'settle', 'failed'), 200);
      const { status } = checkStatus(await service.read(id), 200);
      check(status === 'failed', `it is ${status}, not failed`);
      await told(id, 'payment.failed');
    },
  },
  {
    rule: 'A payment that is cancelled is expired, says so by payment.expired, and takes no money',
    async check({ service, told }) {
      const { id } = await service.given();
      for (const time of ['at first', 'again']) {
        const { status } = checkStatus(await service.cancel(id), 200);
        check(status === 'expired', `cancelled ${time}, it is ${status}`);
      }
      await told(id, 'payment.expired');
      checkRefused(await service.act(id, 'pay', 'paid'), 409, 'not_open');
    },
  },
  {
    rule: 'Cancelling a payment that is paid or pending leaves it so, and the answer says which it is',
    async check({ service }) {
      for (const outcome of ['paid', 'pending']) {
        const { id } = await service.given(['pay', outcome]);
        const { status } = checkStatus(await service.cancel(id), 200);
        check(status === outcome, `what was ${outcome} is ${status} after it`);
      }
    },
  },
  {
    rule: 'A payment ends by itself when its time has passed, and takes no money then',
    async check({ service, told }) {
      const expiresAt = new Date(Date.now() + 2_000).toISOString();
      const { id } = checkStatus(await service.create(paymentRequest({ expiresAt })), 201);
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      checkRefused(await service.act(id, 'pay', 'paid'), 409, 'not_open');
      const { status } = checkStatus(await service.read(id), 200);
      check(status === 'expired', `it is ${status}`);
      await told(id, 'payment.expired');
    },
  },
  {
    rule: 'A refund under one key happens once',
    async check({ service, told }) {
      const [payment, key] = [await service.given(['pay', 'paid']), newKey()];
      const first = checkStatus(await service.refund(payment, aed(100), key), 200, 201);
      check(
        first.paymentId === payment.id && same(first.amount, aed(100)),
        'it names another payment or amount',
      );
      check(['succeeded', 'pending'].includes(first.status), `its status is ${first.status}`);
      const again = checkStatus(await service.refund(payment, aed(100), key), 200, 201);
      check(again.id === first.id, 'a repeat of the call made a second refund');
      await told(payment.id, 'payment.refunded');
      const { refunded } = checkStatus(await service.read(payment.id), 200);
      check(same(refunded, aed(100)), `${refunded?.minor} went back, not 100`);
      checkRefused(await service.refund(payment, aed(200), key), 422, 'idempotency_key_reused');
    },
  },
  {
    rule: 'What has been given back is not given back again: 409 already_refunded',
    async check({ service, told }) {
      const payment = await service.given(['pay', 'paid']);
      const all = checkStatus(await service.refund(payment, undefined), 201);
      check(same(all.amount, TOTAL), `without an amount ${all.amount?.minor} went back, not all`);
      checkRefused(await service.refund(payment, TOTAL), 409, 'already_refunded');
      checkRefused(await service.refund(payment, undefined), 409, 'already_refunded');
      const { data } = await told(payment.id, 'payment.refunded');
      check(same(data.refunded, TOTAL), `payment.refunded says ${data.refunded?.minor}, not all`);
    },
  },
  {
    rule: 'Refunds of parts add up, and more than is left is refused: 409 refund_exceeds_payment',
    async check({ service, told }) {
      const payment = await service.given(['pay', 'paid']);
      checkStatus(await service.refund(payment, aed(1_000)), 201);
      checkRefused(await service.refund(payment, TOTAL), 409, 'refund_exceeds_payment');
      checkStatus(await service.refund(payment, aed(500)), 201);
      await told(payment.id, 'payment.refunded', 2);
      const { refunded, status } = checkStatus(await service.read(payment.id), 200);
      check(same(refunded, aed(1_500)), `${refunded?.minor} went back, not 1500`);
      check(status === 'paid', `it is ${status} after a refund, not paid`);
    },
  },
  {
    rule: 'Of what was not paid nothing is given back: 409 not_paid',
    async check({ service }) {
      for (const acts of [[], [['pay', 'pending']]]) {
        checkRefused(await service.refund(await service.given(...acts), aed(1)), 409, 'not_paid');
      }
    },
  },
  {
    rule: 'A webhook that was not received is sent again, the same to the byte and signed anew',
    async check({ service, receiver, told, patienceMs }) {
      const { id } = await service.given();
      receiver.refuseOnce(id, 'payment.paid');
      checkStatus(await service.act(id, 'pay', 'paid'), 200);
      await told(id, 'payment.paid');
      const waitMs = Math.max(patienceMs, 30_000);
      const sent = await receiver.expect(id, 'payment.paid', 2, waitMs);
      check(sent, `it was answered 503, and did not come again within ${waitMs / 1_000} s`);
      const [first, second] = sent;
      check(first.rawBody.equals(second.rawBody), 'the body of the repeat is another one');
      const apart = Math.round((second.at - first.at) / 1_000);
      check(
        apart < 2 || first.time !== second.time,
        `the repeat came ${apart} s later with the old signature`,
      );
    },
  },
  {
    rule: 'Every webhook is signed over its raw body with the webhook secret',
    async check({ receiver }) {
      check(receiver.deliveries.length > 0, 'no webhook came');
      const flawed = receiver.deliveries.filter(({ flaw }) => flaw);
      check(flawed.length === 0, `of ${flawed.length} of ${receiver.deliveries.length}: ${flawed[0]?.flaw}`);
    },
  },
  {
    rule: 'Every event has an id, a type, a time and the payment as it was then',
    async check({ receiver }) {
      check(receiver.deliveries.length > 0, 'no webhook came');
      const bodies = new Map();
      for (const { event, rawBody } of receiver.deliveries) {
        checkEvent(event);
        const known = bodies.get(event.id);
        check(!known || known.equals(rawBody), `two events have the id of one ${event.type}`);
        bodies.set(event.id, rawBody);
      }
    },
  },
];
