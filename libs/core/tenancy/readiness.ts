import { judgeWebhooks, type WebhookFacts, type WebhookRefusal } from './webhook-senders.js';

/** What is known of one thing that a merchant must have before a first customer can buy. */
export type Connection =
  | { state: 'ok' }
  | { state: 'missing' }
  | { state: 'disabled' }
  /** It was tried just now. `why` is for people and holds no secret. */
  | { state: 'failing'; why: string };

/** How the test messages went; `why`: what outbound waits for, or why it gave up. */
export type TestMessageFacts =
  { state: 'none' | 'arrived' } | { state: 'waiting'; why: string | null } | { state: 'failed'; why: string };

/** Whether the payment of an order, as the shop sells now, has an account to go to. */
export type RoutingFacts =
  | { state: 'ok' }
  /** `why` names the order that has none, or the route whose account is not there; `connect` is that account. */
  | { state: 'broken'; why: string; connect?: string };

export interface ReadinessFacts {
  merchantId: string;
  status: 'active' | 'suspended' | 'closed';
  channelAccount: Connection;
  store: Connection;
  /** The first full copy of the catalog. */
  sync: { state: 'none' | 'running' | 'done' } | { state: 'failed'; why: string };
  /** All accounts that are connected: the first that does not answer tells. */
  paymentProvider: Connection;
  /** Key of the account that `paymentProvider` is about. */
  paymentAccount: string;
  paymentRouting: RoutingFacts;
  /** By purpose: the channel's word for its best template (`APPROVED`, `PENDING`, …), or null when there is none. */
  templates: readonly { purpose: string; status: string | null }[];
  testMessage: TestMessageFacts;
  /** Of each connection that is switched on, whether its webhooks reach us. */
  webhooks: readonly ConnectionWebhooks[];
}

export interface ConnectionWebhooks extends WebhookFacts {
  /** Among the merchant's connections: `store`, a payment account's key, a channel account's id. */
  name: string;
  /** Ours, as the vendor is to be told it. */
  address: string;
  /** The call that stores its secrets. */
  put: string;
  /** The call that has the vendor bring webhooks here; undefined when that is done by hand. */
  subscribe?: string;
}

export interface ReadinessStep {
  step: string;
  ok: boolean;
  /** What is missing, and the call or action that mends it. Absent when the step is done. */
  missing?: string;
  fix?: string;
  /** Of a step that is done: what has not been seen to work yet, or is in doubt. */
  note?: string;
}

/** The checklist of a merchant's onboarding, in the order in which it is best done. */
export function readinessSteps(facts: ReadinessFacts): ReadinessStep[] {
  const base = `/v1/merchants/${facts.merchantId}`;
  return [
    facts.status === 'active'
      ? done('merchant_active')
      : open('merchant_active', `the merchant is ${facts.status}`, statusFix(facts.status, base)),
    connection('channel_account', 'channel account', facts.channelAccount, {
      put: `PUT ${base}/channel-accounts/<channel>`,
      test: `POST ${base}/channel-accounts/<id>/test`,
      enable: `PATCH ${base}/channel-accounts/<id> with enabled true`,
    }),
    connection('store', 'shop', facts.store, {
      put: `PUT ${base}/store`,
      test: `POST ${base}/store/test`,
    }),
    sync(facts),
    connection('payment_provider', 'payment provider', facts.paymentProvider, {
      put: `PUT ${base}/payment-providers/${facts.paymentAccount}`,
      test: `POST ${base}/payment-providers/${facts.paymentAccount}/test`,
    }),
    routing(facts, base),
    ...facts.templates.map(({ purpose, status }) => template(purpose, status, base)),
    testMessage(facts.testMessage, base),
    ...facts.webhooks.map((connected) => webhooks(connected, base)),
  ];
}

function statusFix(status: ReadinessFacts['status'], base: string): string {
  return status === 'suspended'
    ? `an operator resumes it: POST ${base}/resume`
    : 'a closed merchant stays closed: take it on anew';
}

function connection(
  step: string,
  what: string,
  known: Connection,
  fixes: { put: string; test: string; enable?: string },
): ReadinessStep {
  switch (known.state) {
    case 'ok':
      return done(step);
    case 'missing':
      return open(step, `no ${what} is connected`, fixes.put);
    case 'disabled':
      return open(step, `the ${what} is switched off`, fixes.enable ?? fixes.put);
    case 'failing':
      return open(
        step,
        `the ${what} was tried just now: ${known.why}`,
        `mend it there, or correct it: ${fixes.put}; then ${fixes.test}`,
      );
  }
}

function sync({ sync: known, store, merchantId }: ReadinessFacts): ReadinessStep {
  const put = `PUT /v1/merchants/${merchantId}/store`;
  switch (known.state) {
    case 'done':
      return done('first_sync');
    case 'running':
      return open('first_sync', 'the first catalog sync has not ended yet', 'wait a little and ask again');
    case 'failed':
      return open(
        'first_sync',
        `the first catalog sync failed: ${known.why}`,
        `mend the shop, then ${put} again`,
      );
    case 'none':
      return open(
        'first_sync',
        'the catalog has never been synced',
        store.state === 'missing'
          ? `${put}: connecting the shop starts it`
          : `${put} again: it starts a sync`,
      );
  }
}

function routing({ paymentRouting: known }: ReadinessFacts, base: string): ReadinessStep {
  if (known.state === 'ok') return done('payment_routing');
  const routes = `PATCH ${base}/settings with other payments.routes`;
  const fix = known.connect ? `PUT ${base}/payment-providers/${known.connect}; or ${routes}` : routes;
  return open('payment_routing', known.why, fix);
}

function template(purpose: string, status: string | null, base: string): ReadinessStep {
  const step = `template:${purpose}`;
  const put = `PUT ${base}/templates/${purpose}`;
  if (status === 'APPROVED') return done(step);
  if (status === null) return open(step, `there is no template for ${purpose}`, put);
  if (status === 'PENDING' || status === 'IN_APPEAL') {
    return open(
      step,
      `the channel has not approved the template for ${purpose} yet`,
      'wait for its decision',
    );
  }
  if (status === 'UNKNOWN') {
    return open(step, `the channel did not say how the template for ${purpose} stands`, 'ask again');
  }
  return open(
    step,
    `the channel says ${status} of the template for ${purpose}`,
    `${put} with another name and text`,
  );
}

function testMessage(known: TestMessageFacts, base: string): ReadinessStep {
  const step = 'test_message';
  const post = `POST ${base}/test-message`;
  switch (known.state) {
    case 'arrived':
      return done(step);
    case 'none':
      return open(step, 'no test message has been sent', `${post} with the number of a phone at hand`);
    case 'failed':
      return open(step, `the last test message failed: ${known.why}`, `mend that, then ${post} again`);
    case 'waiting':
      return known.why === 'no_template' || known.why === 'template_not_sendable'
        ? open(
            step,
            'the channel takes no free text for the phone of the test message',
            'write to the number from that phone, which opens its window of 24 hours; ' +
              `or ${post} with an approved template`,
          )
        : open(
            step,
            `the test message is on its way${known.why ? ` and waits: ${known.why}` : ''}`,
            'wait a little and ask again',
          );
  }
}

function webhooks(known: ConnectionWebhooks, base: string): ReadinessStep {
  const step = `webhooks:${known.name}`;
  const judged = judgeWebhooks(known);
  switch (judged.state) {
    case 'proven':
      return done(step);
    case 'unproven':
      return { ...done(step), note: judged.why };
    case 'not_subscribed':
      return open(
        step,
        judged.why,
        known.subscribe ?? `enter ${known.address} there, with all events that it lacks`,
      );
    case 'doubtful': {
      const fix = refusedFix(judged.reason, known, base);
      return {
        ...done(step),
        note: `${judged.why}. Anybody can send to its address; if the vendor did: ${fix}`,
      };
    }
    case 'refused':
      return open(step, judged.why, refusedFix(judged.reason, known, base));
  }
}

function refusedFix(
  reason: WebhookRefusal,
  { address, put, what }: ConnectionWebhooks,
  base: string,
): string {
  const look = `GET ${base}/refused-webhooks lists the latest`;
  switch (reason) {
    case 'no_signature':
      return `have the vendor sign them with the secret that is stored here: ${put}; ${look}`;
    case 'wrong_signature':
      return `correct the secret that they are signed with, there or here: ${put}; then have the vendor send again; ${look}`;
    case 'unknown_account':
      return `enter ${address} there`;
    case 'disabled':
      return `switch the ${what} on: ${put}`;
    case 'malformed':
    case 'too_large':
    case 'too_many':
      return `${look}: it is the vendor's to mend`;
  }
}

function done(step: string): ReadinessStep {
  return { step, ok: true };
}

function open(step: string, missing: string, fix: string): ReadinessStep {
  return { step, ok: false, missing, fix };
}
