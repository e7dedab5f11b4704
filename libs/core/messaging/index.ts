export * from './card-numbers.js';
export * from './content.js';
export * from './excerpt.js';
export * from './storable.js';
