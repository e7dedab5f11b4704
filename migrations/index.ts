import { Journal1700000000001 } from './0001-journal.js';
import { Tenancy1700000000002 } from './0002-tenancy.js';
import { Catalog1700000000003 } from './0003-catalog.js';
import { Admin1700000000006 } from './0006-admin.js';

/** Every migration, oldest first. Listed by class, never by glob. */
export const MIGRATIONS = [
  Journal1700000000001,
  Tenancy1700000000002,
  Catalog1700000000003,
  Admin1700000000006,
];

export { migrate, type MigrateOptions } from './migrate.js';
export { SERVICE_ROLES, type ServiceRole } from './support.js';
