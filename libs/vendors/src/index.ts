export * from './kit.js';
export * from './registry.js';
export * from './variables.js';
