import type { CustomerReason, Verdict, WaitReason } from '#core/outbound';
import type { MessageRow } from './messages.js';

/** A task that carried one plan of a message to the channel, as the journal has it. */
export interface CallItem {
  plan: number;
  queuedAt: Date;
  attempts: number;
  redrives: number;
  outcome: string | null;
  reason: string | null;
  settledAt: Date | null;
  parkedAt: Date | null;
}

/** Something that the channel said of a message, as the journal has it. */
export interface StatusItem {
  status: string;
  at: Date;
  receivedAt: Date;
  outcome: string | null;
  reason: string | null;
  errors: { code: number; title: string; details?: string }[];
}

export interface Explanation {
  summary: string;
  /** What was looked at when it was last planned. */
  lookedAt: string[];
  /** What was decided then, and why. */
  decision: string;
  decidedAt: string | null;
  attempts: { plan: number; at: string; outcome: string; words: string }[];
  statuses: { status: string; at: string; words: string }[];
}

/** A message's stored verdict, its calls and its statuses in plain words. */
export function explain(
  message: MessageRow,
  calls: readonly CallItem[],
  statuses: readonly StatusItem[],
): Explanation {
  return {
    summary: summary(message),
    lookedAt: message.verdict ? lookedAt(message.verdict) : [],
    decision: message.verdict
      ? decision(message.verdict, message.slotAt)
      : 'It has not been planned yet: it waits its turn.',
    decidedAt: message.verdict?.at ?? null,
    attempts: calls
      .toSorted((a, b) => a.plan - b.plan)
      .map((call) => ({
        plan: call.plan,
        at: (call.settledAt ?? call.parkedAt ?? call.queuedAt).toISOString(),
        outcome: call.parkedAt ? 'dead_letter' : (call.outcome ?? 'under_way'),
        words: attempt(call, message),
      })),
    statuses: statuses
      .toSorted((a, b) => a.at.getTime() - b.at.getTime())
      .map((status) => ({
        status: status.status,
        at: status.at.toISOString(),
        words: statusWords(status),
      })),
  };
}

function summary(m: MessageRow): string {
  const error = m.error ? ` (${errorWords(m.error)})` : '';
  switch (m.state) {
    case 'queued':
      return m.error
        ? `It goes out anew${m.notBefore ? `, not before ${iso(m.notBefore)}` : ''}${error}.`
        : 'It waits for its turn in the line of messages to this person.';
    case 'waiting':
      return 'It waits until the customer writes.';
    case 'sending':
      return 'It is being sent just now.';
    case 'indeterminate':
      return 'It may have been sent: the answer of the channel was lost. A status that carries its id settles it.';
    case 'accepted':
      return `The channel took it at ${iso(m.acceptedAt)} and has said nothing since.`;
    case 'held':
      return `The channel took it at ${iso(m.acceptedAt)} and holds it back for a quality check.`;
    case 'sent':
      return `The channel sent it at ${iso(m.sentAt)}. It has not reached a phone yet.`;
    case 'delivered':
      return `It reached the customer's phone at ${iso(m.deliveredAt)}.`;
    case 'read':
      return `The customer read it at ${iso(m.readAt)}.`;
    case 'played':
      return `The customer played it at ${iso(m.playedAt)}.`;
    case 'failed':
      return `It failed for good at ${iso(m.failedAt)}${error}.`;
    case 'dropped':
      return `It was dropped at ${iso(m.droppedAt)}: its deadline ${iso(m.deadline)} had passed.`;
  }
}

function lookedAt({ facts }: Verdict): string[] {
  const window = facts.windowOpen
    ? facts.windowClosesAt
      ? `The service window was open until ${facts.windowClosesAt}.`
      : 'The channel has no service window.'
    : facts.windowRefused
      ? 'The service window was closed: the channel had refused a free-form message.'
      : facts.windowClosesAt
        ? `The service window had closed at ${facts.windowClosesAt}.`
        : 'The service window was closed: the customer had never written.';
  return [
    window,
    templateWords(facts),
    `The number was switched ${facts.accountEnabled ? 'on' : 'off'}${
      facts.pausedUntil
        ? ` and paused until ${facts.pausedUntil} (${facts.pauseReason ?? 'no reason kept'})`
        : ''
    }.`,
    `The pair rate stood at ${facts.pairLevel} messages${
      facts.pairHoldUntil ? `, held by the channel until ${facts.pairHoldUntil}` : ''
    }.`,
    ...(facts.notBefore ? [`An earlier refusal asked to wait until ${facts.notBefore}.`] : []),
    facts.deadline ? `Its deadline was ${facts.deadline}.` : 'It had no deadline.',
  ];
}

function templateWords(facts: Verdict['facts']): string {
  if (!facts.purpose) return 'It names no purpose for which a template could stand in.';
  if (!facts.template) return `There was no template for ${facts.purpose}.`;
  const { name, language, state, sendable } = facts.template;
  const known = state ? `, ${state}` : '';
  return `For ${facts.purpose} there was the template ${name} (${language}${known}), which could ${sendable ? '' : 'not '}be sent.`;
}

const WAITS: Record<WaitReason, string> = {
  merchant_suspended: 'the merchant is suspended: it goes out when the merchant is resumed',
  account_disabled: 'the number is switched off: it goes out when the number is switched on',
  account_paused: 'the number is paused after a refusal',
  refused_before: 'an earlier refusal of this message asked for time',
  pair_held: 'the channel refused to take more for this person',
  pair_rate: 'too much was sent to this person just before',
};
const CUSTOMER_WAITS: Record<CustomerReason, string> = {
  no_template: 'the service window is closed and there is no template for it',
  template_not_sendable: 'the service window is closed and its template may not be sent now',
  window_closed: 'the service window is closed and the channel takes nothing outside it',
};

function decision(verdict: Verdict, slotAt: Date | null): string {
  const slot = slotAt ? ` Its slot at the number was ${slotAt.toISOString()}.` : '';
  switch (verdict.decision) {
    case 'send_free_form':
      return `Send it as it is, since the service window was open.${slot}`;
    case 'send_template': {
      const { name, language } = verdict.template;
      return `Send the template ${name} (${language}) in its place, since the service window was closed.${slot}`;
    }
    case 'wait':
      return `Wait${verdict.until === null ? '' : ` until ${verdict.until}`}, because ${WAITS[verdict.why]}.`;
    case 'wait_for_customer':
      return `Wait until the customer writes, because ${CUSTOMER_WAITS[verdict.why]}.${
        verdict.recheckAt ? ` The template is looked at again at ${verdict.recheckAt}.` : ''
      }`;
    case 'drop':
      return 'Drop it, because its deadline had passed.';
  }
}

function attempt(call: CallItem, message: MessageRow): string {
  const runs =
    call.attempts > 0 ? ` after ${call.attempts} failed ${call.attempts === 1 ? 'run' : 'runs'}` : '';
  const again =
    call.redrives > 0 ? ` It was redriven ${call.redrives === 1 ? 'once' : `${call.redrives} times`}.` : '';
  if (call.parkedAt) {
    return `Became a dead letter${runs}: ${call.reason ?? 'no reason kept'}.${again}`;
  }
  if (call.outcome === 'skipped') return `Not called: ${call.reason ?? 'no reason kept'}.${again}`;
  if (call.outcome === null) {
    return call.reason
      ? `Failed ${call.attempts} times so far, last: ${call.reason}. It is run again.${again}`
      : `Under way.${again}`;
  }
  if (call.plan < message.plan) return `Answered${runs}; the message was planned anew after it.${again}`;
  const named = message.channelMessageId ? ` as ${message.channelMessageId}` : '';
  if (message.acceptedAt) return `The channel took it${named}${runs}.${again}`;
  return `Answered${runs}: ${message.error ? errorWords(message.error) : 'no answer kept'}.${again}`;
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  sent: 'The channel sent it',
  delivered: "It reached the customer's phone",
  read: 'The customer read it',
  played: 'The customer played it',
  held: 'The channel holds it back for a quality check',
  failed: 'The channel says that it failed',
};

function statusWords({ status, errors, outcome, reason }: StatusItem): string {
  const known = STATUS_WORDS[status] ?? 'The channel said something without meaning for us';
  const [error] = errors;
  const why = error ? `: ${error.code} ${error.details ?? error.title}` : '';
  const changed =
    outcome === 'skipped'
      ? ` It changed nothing: ${reason ?? 'no reason kept'}.`
      : outcome
        ? ''
        : ' Not applied yet.';
  return `${known}${why}.${changed}`;
}

function errorWords(error: NonNullable<MessageRow['error']>): string {
  return `${error.code ?? error.class}: ${error.details}`;
}

function iso(date: Date | null): string {
  return date ? date.toISOString() : 'an unknown time';
}
