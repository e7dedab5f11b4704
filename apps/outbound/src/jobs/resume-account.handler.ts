import { Controller } from '@nestjs/common';
import {
  advanceRecipient,
  done,
  resumeAccount,
  type JobOutcome,
  type ResumeAccountPayload,
} from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { findSwitchedOff } from '../store/messages.js';

/** Lines freed in one transaction. */
const PAGE = 500;
/** Longer than any transaction lasts. */
const SECOND_LOOK_MS = 60_000;

@Controller()
export class ResumeAccountHandler {
  /**
   * Frees the lines that wait for an account to be switched on, once each. A line that was judged by what was true just
   * before, and is stored after this look, is found by a second one.
   */
  @JobHandler(resumeAccount)
  async handle(payload: ResumeAccountPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channelAccountId, occasion, after = '', again = false } = payload;
    if (after === '' && !again) {
      const dueAt = new Date(ctx.now.getTime() + SECOND_LOOK_MS);
      ctx.emit(resumeAccount, { channelAccountId, occasion, again: true }, { dueAt });
    }
    const contacts = await findSwitchedOff(ctx.tx, channelAccountId, after, PAGE);
    for (const contactId of contacts) {
      ctx.emit(advanceRecipient, {
        channelAccountId,
        contactId,
        occasion: `${again ? 'again' : 'resumed'}_${occasion}`,
      });
    }
    if (contacts.length === PAGE) {
      ctx.emit(resumeAccount, { channelAccountId, occasion, again, after: contacts.at(-1)! });
    }
    return done;
  }
}
