export * from './errors.js';
export * from './merge.js';
export * from './pacing.js';
export * from './pair.js';
export * from './plan.js';
export * from './remedy.js';
export * from './status.js';
export * from './templates.js';
