import { createHmac } from 'node:crypto';
import { PortError, type WebhookReader } from '#core/tenancy';
import type { PaymentEvent } from '../payment-event.js';
import type {
  HostedPayment,
  HostedPaymentRequest,
  PaymentProviderPort,
  PaymentStatus,
  RefundRequest,
  RefundResult,
} from '../ports/payment-provider.port.js';

interface Page {
  sessionId: string;
  request: HostedPaymentRequest;
  status: 'open' | 'expired' | 'pending' | 'paid' | 'failed';
  paymentId?: string;
  refunded: boolean;
}

/** A webhook as it would arrive. */
export interface FakeDelivery {
  rawBody: Buffer;
  headers: Record<string, string>;
}

export const FAKE_SECRET = 'secret-of-the-fake';

export const FAKE_WEBHOOKS: WebhookReader<PaymentEvent> = {
  header: 'fake-signature',
  form: /^[0-9a-f]{64}$/,
  read(rawBody, signature, secrets) {
    if (!secrets.some((secret) => signatureOf(rawBody, secret) === signature)) return { outcome: 'unsigned' };
    const event = JSON.parse(rawBody.toString('utf8')) as PaymentEvent;
    const { eventId: id, kind: name, occurredAt } = event;
    return { outcome: 'read', notices: [{ id, name, occurredAt: new Date(occurredAt), event }] };
  },
};

/** A payment provider in memory: answers as the port demands, and says as webhooks what happens. */
export class FakePaymentProvider implements PaymentProviderPort {
  readonly deliveries: FakeDelivery[] = [];
  private readonly pages = new Map<string, Page>();
  private readonly answers = new Map<string, { asked: string; answer: unknown }>();
  private lost = 0;
  private events = 0;

  constructor(private readonly now: () => Date) {}

  /** The next call is carried out and its answer lost. */
  loseNextAnswer(): void {
    this.lost += 1;
  }

  pay(sessionId: string, how: 'paid' | 'declined' | 'delayed'): void {
    const page = this.page(sessionId);
    if (how === 'declined') return;
    page.paymentId = `pay_${sessionId}`;
    page.status = how === 'paid' ? 'paid' : 'pending';
    this.say(page, how === 'paid' ? 'paid' : 'pending');
  }

  settle(sessionId: string, how: 'paid' | 'failed'): void {
    const page = this.page(sessionId);
    page.status = how;
    this.say(page, how);
  }

  async createHostedPayment(request: HostedPaymentRequest): Promise<HostedPayment> {
    return this.once(request.idempotencyKey, request, () => {
      const sessionId = `page_${this.pages.size + 1}`;
      this.pages.set(sessionId, { sessionId, request, status: 'open', refunded: false });
      return { sessionId, url: `https://pay.example/${sessionId}` };
    });
  }

  async fetchStatus(sessionId: string): Promise<PaymentStatus> {
    const { status, paymentId, request } = this.page(sessionId);
    if (status === 'paid') return { status, sessionId, paymentId, amount: request.quote.total };
    if (status === 'failed') return { status: 'pending', sessionId, paymentId };
    return { status, sessionId };
  }

  async cancel(sessionId: string): Promise<PaymentStatus> {
    const page = this.page(sessionId);
    if (page.status === 'open') {
      page.status = 'expired';
      this.say(page, 'expired');
    }
    return this.fetchStatus(sessionId);
  }

  async refund(request: RefundRequest): Promise<RefundResult> {
    return this.once(request.idempotencyKey, request, (): RefundResult => {
      const page = [...this.pages.values()].find((p) => p.paymentId === request.paymentId);
      if (!page) throw new PortError('rejected', 'unknown_payment', request.paymentId);
      if (page.refunded) return { outcome: 'already' };
      page.refunded = true;
      this.say(page, 'refunded');
      return { outcome: 'refunded', refundId: `refund_${request.paymentId}` };
    });
  }

  private say(page: Page, kind: PaymentEvent['kind']): void {
    const { orderRef, merchantId, quote } = page.request;
    const event: PaymentEvent = {
      kind,
      eventId: `event_${(this.events += 1)}`,
      orderRef,
      merchantId,
      sessionId: page.sessionId,
      paymentId: page.paymentId,
      amount: quote.total,
      occurredAt: this.now().toISOString(),
    };
    const rawBody = Buffer.from(JSON.stringify(event));
    this.deliveries.push({ rawBody, headers: { [FAKE_WEBHOOKS.header]: signatureOf(rawBody, FAKE_SECRET) } });
  }

  private page(sessionId: string): Page {
    const page = this.pages.get(sessionId);
    if (!page) throw new PortError('rejected', 'unknown_session', sessionId);
    return page;
  }

  private once<T>(key: string, request: object, run: () => T): T {
    const asked = JSON.stringify(request);
    const known = this.answers.get(key);
    if (known && known.asked !== asked) throw new PortError('rejected', 'idempotency_key_reused', key);
    const answer = known ? (known.answer as T) : run();
    this.answers.set(key, { asked, answer });
    if (this.lost > 0) {
      this.lost -= 1;
      throw new PortError('indeterminate', 'no_answer', 'the answer was lost');
    }
    return answer;
  }
}

function signatureOf(rawBody: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(rawBody).digest('hex');
}
