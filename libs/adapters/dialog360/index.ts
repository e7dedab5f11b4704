export * from './client.js';
export { dialog360, type Dialog360Options } from './transport.js';
export * from './webhook.js';
