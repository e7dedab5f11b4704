import { judgeAccount, judgeNumber } from './merchant-routes.js';

const route = {
  merchantId: 'mer_1',
  channelAccountId: 'acc_1',
  businessAccountId: '102',
  enabled: true,
  status: 'active',
};
const quarantined = (reason: string): object => ({ outcome: 'quarantined', reason });

it('both ids must lead to the same enabled merchant', () => {
  const merchant = { outcome: 'merchant', merchantId: 'mer_1', channelAccountId: 'acc_1' };
  expect(judgeNumber('106', '102', route)).toEqual(merchant);
  expect(judgeNumber('106', '102', { ...route, status: 'suspended' })).toEqual(merchant);
  expect(judgeNumber('106', '103', route)).toEqual(quarantined('accounts_disagree'));
  expect(judgeNumber('106', '102', undefined)).toEqual(quarantined('unknown_phone_number'));
  expect(judgeNumber(undefined, '102', undefined)).toEqual(quarantined('no_phone_number'));
  expect(judgeNumber('106', undefined, route)).toEqual(quarantined('no_business_account'));
  expect(judgeNumber('106', '102', { ...route, enabled: false })).toEqual(quarantined('disabled'));
  expect(judgeNumber('106', '102', { ...route, status: 'closed' })).toEqual(quarantined('closed'));
});

it('a business account leads to a merchant when it is that of one alone', () => {
  expect(judgeAccount([route])).toEqual({
    outcome: 'merchant',
    merchantId: 'mer_1',
    channelAccountId: undefined,
  });
  expect(judgeAccount([])).toEqual(quarantined('unknown_business_account'));
  expect(judgeAccount([route, { ...route, merchantId: 'mer_2' }])).toEqual(quarantined('accounts_disagree'));
  expect(judgeAccount([{ ...route, enabled: false }])).toEqual(quarantined('disabled'));
});
