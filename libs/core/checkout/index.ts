export * from './events.js';
export * from './facts.js';
export * from './held-quote.js';
export * from './machine.js';
export * from './order.js';
export * from './payment-event.js';
export * from './ports/payment-provider.port.js';
