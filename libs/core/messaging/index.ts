export * from './card-numbers.js';
export * from './cleared.js';
export * from './content.js';
export * from './excerpt.js';
export * from './person.js';
export * from './person-before.js';
export * from './phone-numbers.js';
export * from './spelled-ids.js';
export { storable, storableText } from './storable.js';
