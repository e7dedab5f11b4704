export * from './fake-payment-provider.js';
export * from './payment-provider.contract.js';
export * from './samples.js';
