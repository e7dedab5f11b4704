export * from './number.js';
export * from './proofs.js';
