export * from './effects.js';
export * from './intent.js';
export * from './merge.js';
export * from './questions.js';
export * from './state.js';
export * from './step.js';
