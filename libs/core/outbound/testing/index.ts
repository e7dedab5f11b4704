export * from './channel.contract.js';
export * from './contents.js';
export * from './fake-channel.js';
export * from './rules.js';
export * from './shown.js';
