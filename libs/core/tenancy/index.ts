export * from './api-key.js';
export * from './audit.js';
export * from './merchant-status.js';
export * from './port-error.js';
export * from './readiness.js';
export * from './settings.js';
export * from './template-text.js';
