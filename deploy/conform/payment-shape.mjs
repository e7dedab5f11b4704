import { check, same } from './payment-service.mjs';

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const STATUSES = ['open', 'pending', 'paid', 'failed', 'expired'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

export const EVENTS = {
  'payment.paid': 'paid',
  'payment.pending': 'pending',
  'payment.failed': 'failed',
  'payment.expired': 'expired',
  'payment.refunded': 'paid',
};

/** A payment as the contract has it. `where` it was found is said of what is wrong. */
export function checkPayment(payment, where) {
  check(typeof payment === 'object' && payment !== null, `${where} is no payment`);
  check(
    ID.test(payment.id),
    `${where} has an id that is not 1 to 100 letters, digits, dots, dashes and underscores`,
  );
  check(STATUSES.includes(payment.status), `${where} has no status of the contract`);
  for (const field of ['amount', 'refunded']) {
    const { minor, currency } = payment[field] ?? {};
    check(Number.isSafeInteger(minor) && minor >= 0, `${where} has no whole number in ${field}.minor`);
    check(/^[A-Z]{3}$/.test(currency), `${where} has no currency in ${field}.currency`);
  }
  check(payment.refunded.currency === payment.amount.currency, `${where} has two currencies`);
  check(payment.refunded.minor <= payment.amount.minor, `${where} gave back more than was paid`);
  check(isTime(payment.expiresAt), `${where} has no ISO 8601 time in expiresAt`);
  check(isPageUrl(payment.url), `${where} has a url that is not https (http is for this machine only)`);
}

/** The payment is of this request. */
export function checkEchoes(payment, request, where) {
  for (const field of ['merchantId', 'orderRef']) {
    check(payment[field] === request[field], `${where} does not give back ${field}`);
  }
  check(same(payment.amount, request.amount), `${where} has another amount than was asked for`);
  check(
    new Date(payment.expiresAt) <= new Date(request.expiresAt),
    `${where} expires later than was asked for`,
  );
}

export function checkEvent(event) {
  check(typeof event === 'object' && event !== null, 'a webhook is no JSON object');
  const where = `a ${String(event.type)}`;
  check(typeof event.id === 'string' && event.id !== '' && event.id.length <= 255, `${where} has no id`);
  check(Object.hasOwn(EVENTS, event.type), `${where} is no event of the contract`);
  check(isTime(event.occurredAt), `${where} has no ISO 8601 time in occurredAt`);
  checkPayment(event.data, `the data of ${where}`);
  check(event.data.status === EVENTS[event.type], `${where} is of a payment that is ${event.data.status}`);
}

function isTime(value) {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
}

function isPageUrl(value) {
  if (typeof value !== 'string' || value.length > 2_000 || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
  );
}
