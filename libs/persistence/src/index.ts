export * from './database.module.js';
export * from './journal.js';
export * from './tenancy/directory.js';
export * from './tenancy/entities.js';
export * from './tenancy/rotation.js';
export * from './tenancy/tenancy.module.js';
export * from './tenancy/webhook-secrets.js';
export * from './tenants.js';
