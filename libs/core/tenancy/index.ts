export * from './port-error.js';
