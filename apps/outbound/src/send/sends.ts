import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  advanceRecipient,
  deferred,
  done,
  rejected,
  skipped,
  type CallChannelPayload,
  type JobOutcome,
} from '#contracts';
import type { ChannelPort, SendResult } from '#core/outbound';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { toItem, Waker, wakeOf, type TaskContext } from '#queue';
import { sends } from '../metrics.js';
import { lockMessage, updateMessage, type MessageError } from '../store/messages.js';
import type { Work } from '../work.js';
import { Channels, type OpenChannel } from './channel.js';
import { Gate, type Passage } from './gate.js';
import { Outcomes } from './outcomes.js';
import type { Call } from './render.js';
import type { PlannedCall } from './right-away.js';
import { Slots } from './slots.js';

type Failure = Pick<MessageError, 'code' | 'class' | 'details'>;

/** Sleeping in the process meets a slot better than a delayed job does. */
const SLEEP_MS = 1_000;
const EARLY_MS = 300;

/** The call to the channel, once per plan, and what its answer changes. */
@Injectable()
export class Sends {
  constructor(
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly channels: Channels,
    private readonly slots: Slots,
    private readonly gate: Gate,
    private readonly outcomes: Outcomes,
  ) {}

  async run(payload: CallChannelPayload, ctx: TaskContext): Promise<JobOutcome> {
    if (ctx.begunWith) return this.runPlanned(payload, ctx, ctx.begunWith as PlannedCall);
    // Before the gate: a token that does not open must not look like a send whose answer was lost.
    const channel = await this.channels.open(ctx.merchantId, payload.channelAccountId);
    if (!channel) return this.settle(ctx, (w) => this.outcomes.planAnew(w, payload, 'the account is gone'));
    return this.throughGate(payload, ctx, channel);
  }

  /** This task goes to the dead letters for good: its line must not stand still behind it. */
  async abandon(payload: CallChannelPayload, ctx: TaskContext, why: string): Promise<void> {
    await this.failAside(payload, ctx, { code: null, class: 'fault', details: why });
  }

  /** Its plan was the mark. What it was planned by holds for a while: the commit may have taken longer. */
  private async runPlanned(
    payload: CallChannelPayload,
    ctx: TaskContext,
    { channel, freshUntil, ...call }: PlannedCall,
  ): Promise<JobOutcome> {
    await this.sleepUntil(call.slotAt);
    if (this.clock.now() > freshUntil) return this.planAnew(payload, ctx);
    return this.call(payload, ctx, channel, call);
  }

  private async throughGate(
    payload: CallChannelPayload,
    ctx: TaskContext,
    channel: OpenChannel,
  ): Promise<JobOutcome> {
    for (let slotAt: Date | null = null; ;) {
      const reserved: Date | null = slotAt;
      const passage: Passage = await this.apart(ctx, (work) =>
        this.gate.pass(work, channel.port, payload, ctx.item.redrives, reserved),
      );
      switch (passage.go) {
        case 'not_yet': {
          const number = { merchantId: ctx.merchantId, channelAccountId: payload.channelAccountId };
          slotAt = passage.slotAt ?? (await this.slots.reserve(number, channel.messagesPerSecond));
          if (this.msUntil(slotAt) > SLEEP_MS) return this.keepSlot(payload, ctx, slotAt);
          await this.sleepUntil(slotAt);
          continue;
        }
        case 'call':
          return this.call(payload, ctx, channel, passage);
        case 'unsettled':
          return deferred(passage.until);
        case 'repeat':
          return this.settle(ctx, (w) => this.outcomes.notSent(w, payload, 'the answer was lost'));
        case 'grace_over':
          return this.settle(ctx, (w) => this.outcomes.graceOver(w, payload));
        case 'plan_anew':
          return this.planAnew(payload, ctx);
        case 'redriven':
          return this.settle(ctx, (w) => this.outcomes.redriven(w, payload));
        case 'dead':
          return rejected(passage.why);
        case 'unrenderable':
          return this.bury(payload, ctx, { code: null, class: 'request', details: passage.why });
        case 'nothing':
          return skipped(passage.why);
      }
    }
  }

  private planAnew(payload: CallChannelPayload, ctx: TaskContext): Promise<JobOutcome> {
    return this.settle(ctx, (w) => this.outcomes.planAnew(w, payload, 'the plan was out of date'));
  }

  private async sleepUntil(time: Date): Promise<void> {
    const ms = this.msUntil(time);
    if (ms > 0) await sleep(ms);
  }

  private msUntil(time: Date): number {
    return time.getTime() - this.clock.now().getTime();
  }

  private async keepSlot(payload: CallChannelPayload, ctx: TaskContext, slotAt: Date): Promise<JobOutcome> {
    await this.apart(ctx, async ({ tx, now }) => {
      const message = await lockMessage(tx, payload.messageId, now);
      if (message?.plan === payload.plan) updateMessage(tx, message, { slotAt });
    });
    return deferred(new Date(slotAt.getTime() - EARLY_MS));
  }

  private async call(
    payload: CallChannelPayload,
    ctx: TaskContext,
    channel: OpenChannel,
    { person, rendered }: Call,
  ): Promise<JobOutcome> {
    const { port } = channel;
    const result = await port.send(person, rendered, payload.messageId);
    count(port, result);
    switch (result.outcome) {
      case 'accepted':
        return this.settle(ctx, (w) => this.outcomes.accepted(w, port, payload, result));
      case 'not_sent':
        return this.settle(ctx, (w) => this.outcomes.notSent(w, payload, result.why));
      case 'indeterminate': {
        const outcome = await this.throughGate(payload, ctx, channel); // as after a crash
        return outcome.outcome === 'skipped' ? done : outcome; // a status was faster
      }
      case 'refused': {
        const { code, details } = result;
        const policy = port.classify(code);
        if (policy.deadLetter && policy.action === 'fail') {
          return this.bury(payload, ctx, { code, class: policy.class, details });
        }
        return this.settle(ctx, (w) => this.outcomes.refused(w, payload, { code, details, came: 'at_once' }));
      }
    }
  }

  /** Stores the result with the task's own end, once. */
  private async settle(ctx: TaskContext, work: (w: Work) => Promise<void>): Promise<JobOutcome> {
    const { merchantId } = ctx;
    await ctx.commit((commit) => work({ ...commit, merchantId, now: this.clock.now() }));
    return done;
  }

  /** The message failed and the task stays visible among the dead letters, where a person may redrive it. */
  private async bury(payload: CallChannelPayload, ctx: TaskContext, error: Failure): Promise<JobOutcome> {
    await this.failAside(payload, ctx, error);
    return rejected(`${error.code ?? error.class}: ${error.details}`);
  }

  /** A task that is not settled has no commit to emit through: the line's wake-up is journaled beside it. */
  private async failAside(payload: CallChannelPayload, ctx: TaskContext, error: Failure): Promise<void> {
    const now = this.clock.now();
    const item = await this.tenants.transaction(ctx.merchantId, async (tx) => {
      const message = await lockMessage(tx, payload.messageId, now);
      if (!message || message.plan !== payload.plan || !message.open) return undefined;
      updateMessage(tx, message, {
        state: 'failed',
        open: false,
        failedAt: now,
        error: { ...error, at: now.toISOString(), deadLetter: true, redrives: ctx.item.redrives },
      });
      const { channelAccountId, contactId, messageId, plan } = message;
      const occasion = `failed_${messageId}_${plan}`;
      const next = toItem(advanceRecipient, { channelAccountId, contactId, occasion }, ctx.merchantId, now);
      await this.journal.append([next], now, tx);
      return next;
    });
    if (item) await this.waker.wake([wakeOf(item, now)]);
  }

  /** A transaction beside the task's own end. Nothing is emitted in it. */
  private apart<T>({ merchantId }: TaskContext, work: (w: Work) => Promise<T>): Promise<T> {
    const emit = (): never => {
      throw new Error('what is emitted here would not be woken');
    };
    return this.tenants.transaction(merchantId, (tx) =>
      work({ merchantId, tx, emit, now: this.clock.now() }),
    );
  }
}

function count(port: ChannelPort, result: SendResult): void {
  const cls = result.outcome === 'refused' ? port.classify(result.code).class : '';
  sends.inc({ outcome: result.outcome, class: cls });
}
