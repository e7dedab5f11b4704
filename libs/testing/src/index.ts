export * from './database.js';
export * from './ending-sessions.js';
export * from './merchant.js';
export * from './queues.js';
export * from './until.js';
export * from './vendure-desk.js';
export * from './vendure.js';
