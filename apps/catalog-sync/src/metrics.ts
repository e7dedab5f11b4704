import { Counter } from '#platform';

export const syncs = new Counter({
  name: 'waco_store_syncs_total',
  help: 'Reads of shops into the synced copy',
  labelNames: ['mode', 'outcome'],
});
