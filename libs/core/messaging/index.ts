export * from './card-numbers.js';
export * from './content.js';
