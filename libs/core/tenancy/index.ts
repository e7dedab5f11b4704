export * from './api-key.js';
export * from './port-error.js';
export * from './public-host.js';
export * from './readiness.js';
export * from './template-text.js';
