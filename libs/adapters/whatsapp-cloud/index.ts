export { readWebhook, splitWebhook } from './inbound.js';
export { answerHandshake, signMetaWebhook, verifyMetaSignature } from './signature.js';
export * from './client.js';
export * from './errors.js';
export * from './page-client.js';
export { openAgents, type Agents } from './http.js';
export * from './render-template.js';
export * from './render.js';
export * from './vendor.js';
