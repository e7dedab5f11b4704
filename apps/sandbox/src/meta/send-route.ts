import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Faults } from './faults.js';
import { GraphError } from './graph-error.js';
import type { Json, PhoneNumber, Waba } from './model.js';
import { SendService } from './send.service.js';

/** What becomes of a call to send a message once its sender is known, whichever way it came: faults, then the send. */
@Injectable()
export class SendRoute implements OnModuleDestroy {
  private readonly unanswered = new Set<FastifyReply>();

  constructor(
    private readonly sends: SendService,
    private readonly faults: Faults,
  ) {}

  /** Requests whose answer was withheld would hold up the stop. */
  onModuleDestroy(): void {
    for (const reply of this.unanswered) reply.raw.destroy();
  }

  /** @throws GraphError for a refusal. */
  async answer(
    sender: { waba: Waba; number: PhoneNumber },
    body: unknown,
    reply: FastifyReply,
  ): Promise<void> {
    const isSend = !(typeof body === 'object' && body !== null && 'status' in body);
    const fault = isSend ? this.faults.take() : undefined;
    if (fault?.kind === 'reset') {
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'error') {
      const details = 'This error was asked for through /control/meta/faults';
      const error = new GraphError(fault.code, details, { status: fault.status });
      this.sends.refused(sender.number.id, body, error);
      throw error;
    }
    const answer = this.sends.handle(sender, body);
    if (fault?.kind === 'timeout-after-accept') {
      reply.hijack();
      this.unanswered.add(reply);
      reply.raw.once('close', () => this.unanswered.delete(reply));
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms);
    await reply.status(200).send(fault?.kind === 'hold' ? held(answer) : answer);
  }
}

/** Meta looks at the first messages of a template before it sends more of them. */
function held(answer: Json): Json {
  const messages = (answer.messages as Json[]).map((message) => ({
    ...message,
    message_status: 'held_for_quality_assessment',
  }));
  return { ...answer, messages };
}
