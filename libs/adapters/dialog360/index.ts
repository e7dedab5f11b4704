export * from './client.js';
export { dialog360, type Dialog360Options } from './transport.js';
export { dialog360Vendor } from './vendor.js';
export { DIALOG360_SECRET_HEADER } from './webhook.js';
