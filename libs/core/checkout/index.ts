export * from './payment-event.js';
