import { heldTo, isOfAccount, judgeAccount, judgeSender, type SenderRoute } from './webhook-routing.js';

const route: SenderRoute = {
  merchantId: 'mer_1',
  channelAccountId: 'acc_1',
  accountId: '102',
  enabled: true,
  status: 'active',
};
const quarantined = (reason: string): object => ({ outcome: 'quarantined', reason });

it('both ids must lead to the same enabled merchant', () => {
  const merchant = { outcome: 'merchant', merchantId: 'mer_1', channelAccountId: 'acc_1' };
  expect(judgeSender('106', '102', route)).toEqual(merchant);
  expect(judgeSender('106', '102', { ...route, status: 'suspended' })).toEqual(merchant);
  expect(judgeSender('106', '103', route)).toEqual(quarantined('accounts_disagree'));
  expect(judgeSender('106', '102', undefined)).toEqual(quarantined('unknown_sender'));
  expect(judgeSender(undefined, '102', undefined)).toEqual(quarantined('no_sender'));
  expect(judgeSender('106', undefined, route)).toEqual(quarantined('no_account'));
  expect(judgeSender('106', '102', { ...route, enabled: false })).toEqual(quarantined('disabled'));
  expect(judgeSender('106', '102', { ...route, status: 'closed' })).toEqual(quarantined('closed'));
});

it('a business account leads to a merchant when it is that of one alone', () => {
  expect(judgeAccount('102', [route])).toEqual({
    outcome: 'merchant',
    merchantId: 'mer_1',
    channelAccountId: undefined,
  });
  expect(judgeAccount('102', [])).toEqual(quarantined('unknown_account'));
  expect(judgeAccount('102', [route, { ...route, merchantId: 'mer_2' }])).toEqual(
    quarantined('accounts_disagree'),
  );
  expect(judgeAccount('102', [{ ...route, enabled: false }])).toEqual(quarantined('disabled'));
  expect(judgeAccount(undefined, [route])).toEqual(quarantined('no_account'));
});

it('only what is about no number is led by its account', () => {
  expect(['template', 'ignored', 'message', 'status'].map((kind) => isOfAccount(kind, undefined))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isOfAccount('template', '106')).toBe(false);
});

it("what a merchant's own app signed counts for that merchant only", () => {
  const routed = judgeSender('106', '102', route);
  expect(heldTo(undefined, routed)).toBe(routed);
  expect(heldTo('mer_1', routed)).toBe(routed);
  expect(heldTo('mer_2', routed)).toEqual(quarantined('another_merchants_app'));
  expect(heldTo('mer_2', judgeAccount('102', []))).toEqual(quarantined('unknown_account'));
});
