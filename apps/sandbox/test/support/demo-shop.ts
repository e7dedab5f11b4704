import { loadContract } from '../contract.js';
import { openStand, type Answer } from '../stand.js';

export const API_KEY = 'shop_key_demo';
export const SECRET = 'shop_hook_secret';

export interface Problem {
  status: number;
  code: string;
  short?: { sku: string; requested: number; available: number }[];
  reservationStatus?: string;
  orderStatus?: string;
}
export interface Reservation {
  reservationId: string;
  status: string;
  expiresAt: string;
}
export interface Order {
  orderRef: string;
  orderId: string;
  number: string;
  status: string;
  fulfilments: { trackingCode: string; trackingUrl: string; status: string }[];
}
export interface Event {
  id: string;
  type: string;
  sequence: number;
  data: Record<string, unknown>;
}

/** A sandbox with the shop `demo`, and the calls of its store API, whose answers are held to the contract file. */
export async function openDemoShop() {
  const contract = loadContract();
  const stand = await openStand();
  let refs = 0;

  const openShop = (shop: string, seed: string): Promise<Answer<{ created: boolean; products: number }>> =>
    stand.call('PUT', `/control/shops/${shop}`, {
      name: 'Dune & Date',
      currency: 'AED',
      apiKey: API_KEY,
      webhookUrl: `${stand.hookUrl}/${shop}`,
      webhookSecret: SECRET,
      seed,
    });

  /** A store call whose answer has to be what the contract file says. */
  async function store<T>(
    operation: string,
    body?: unknown,
    options: { key?: string; ids?: string[]; query?: string; shop?: string; apiKey?: string } = {},
  ): Promise<Answer<T>> {
    const [method, template] = operation.split(' ') as [string, string];
    const ids = [...(options.ids ?? [])];
    const path = template.replace(/\{\w+\}/g, () => encodeURIComponent(ids.shift()!));
    const answer = await stand.call<T>(
      method,
      `/shops/${options.shop ?? 'demo'}${path}${options.query ?? ''}`,
      body,
      {
        authorization: `Bearer ${options.apiKey ?? API_KEY}`,
        ...(options.key && { 'idempotency-key': options.key }),
      },
    );
    expect(contract.faultsOf(operation, answer)).toEqual([]);
    return answer;
  }

  const newRef = (): string => `ord_test_${++refs}`;
  const setStock = (sku: string, available: number): Promise<unknown> =>
    stand.call('PATCH', `/shops/demo/backoffice/products/${sku}`, { available });
  const available = async (sku: string): Promise<number> =>
    (await stand.call<{ available: number }>('GET', `/shops/demo/public/products/${sku}`)).body.available;
  const reserve = (orderRef: string, sku: string, quantity: number, ttlSeconds = 1800) =>
    store<Reservation & Problem>(
      'POST /v1/reservations',
      { orderRef, lines: [{ sku, quantity }], ttlSeconds },
      { key: `reserve_${orderRef}` },
    );
  const orderBody = (orderRef: string, reservationId: string, sku: string, quantity: number) => ({
    orderRef,
    reservationId,
    customer: { name: 'Aisha Khan', phone: '+971501234567' },
    lines: [{ sku, quantity, unitPrice: { minor: 8900, currency: 'AED' } }],
    total: { minor: 8900 * quantity, currency: 'AED' },
    payment: { provider: 'stripe', reference: 'pi_1', paidAt: '2026-11-21T10:00:00.000Z' },
  });
  const order = (body: ReturnType<typeof orderBody>, key = `order_${body.orderRef}`) =>
    store<Order & Problem>('POST /v1/orders', body, { key });
  const events = (): Event[] =>
    stand.received.filter((r) => r.path === '/demo').map((r) => JSON.parse(r.raw) as Event);

  const courier = (ref: string, event: string) =>
    stand.call<Order & Problem>('POST', `/shops/demo/backoffice/orders/${ref}/courier`, { event });

  await openShop('demo', 'demo');
  return {
    contract,
    stand,
    openShop,
    store,
    newRef,
    setStock,
    available,
    reserve,
    orderBody,
    order,
    events,
    courier,
  };
}
