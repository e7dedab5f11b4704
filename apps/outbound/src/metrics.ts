import { Counter, Gauge } from '#platform';

export const sends = new Counter({
  name: 'waco_outbound_sends_total',
  help: 'Calls to the channel by what came of them; for refusals, the class of the error',
  labelNames: ['outcome', 'class'],
});
export const verdicts = new Counter({
  name: 'waco_outbound_verdicts_total',
  help: 'Plans of messages by decision, with the reason of those that wait or are dropped',
  labelNames: ['decision', 'reason'],
});
export const statuses = new Counter({
  name: 'waco_outbound_statuses_total',
  help: 'Statuses of the channel by what they changed',
  labelNames: ['status', 'effect'],
});
export const priced = new Counter({
  name: 'waco_outbound_priced_total',
  help: 'Messages that the channel put a price on, each once',
  labelNames: ['category', 'type'],
});
export const openMessages = new Gauge({
  name: 'waco_outbound_open_messages',
  help: 'Messages in the lines by state; `indeterminate` also counts those that no status ever settled',
  labelNames: ['state'],
});
