import { Counter, Histogram } from '#platform';

export const webhooks = new Counter({
  name: 'waco_webhooks_total',
  help: 'Webhook requests by source and HTTP answer',
  labelNames: ['source', 'answer'],
});
export const acknowledged = new Histogram({
  name: 'waco_webhook_seconds',
  help: 'Seconds from a webhook request to its answer; channels want a median of 0.25 and less than 1% over 1',
  labelNames: ['source'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});
export const itemsTaken = new Counter({
  name: 'waco_ingest_items_total',
  help: 'Items in acknowledged webhooks, duplicates included, by source and kind',
  labelNames: ['source', 'kind'],
});
export const duplicates = new Counter({
  name: 'waco_ingest_duplicates_total',
  help: 'Items that the journal had already',
});
export const quarantined = new Counter({
  name: 'waco_ingest_quarantined_total',
  help: 'Items that could not be led to one enabled merchant, by reason',
  labelNames: ['source', 'reason'],
});
export const refused = new Counter({
  name: 'waco_webhooks_refused_total',
  help: 'Webhook requests that were not taken, by source and reason',
  labelNames: ['source', 'reason'],
});
export const batchItems = new Histogram({
  name: 'waco_ingest_batch_items',
  help: 'Items in one journal insert',
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500],
});
