import { setTimeout as sleep } from 'node:timers/promises';
import {
  keyOf,
  step,
  stillHolds,
  type Answer,
  type Answers,
  type Outcome,
  type Question,
  type Step,
  type StepContext,
  type ThreadEvent,
  type ThreadState,
} from '#core/conversation';
import { cleared, excerpt, type Cleared } from '#core/messaging';
import type { PendingItem } from '#persistence';
import { Unprepared, type Prepared } from '#queue';
import type { CatalogClient } from '#service';
import type { Thread } from './threads.js';

/** A catalog that cannot be reached is asked again for so long: a restart of it is not noticed. */
const ASK_FOR_MS = 10_000;
const ASK_AGAIN_MS = 1_000;
/** Questions for one run of a stream: a shop that says something else each time is not followed for ever. */
const MOST_QUESTIONS = 50;
/** Characters of what is kept with an item; the answer to a search is some kilobytes. */
const LONGEST_EVIDENCE = 131_072;

interface Known {
  question: Question;
  answer: Answer;
  /** Its prices were good when it came: a shop whose clock is wrong is not asked for ever. */
  held: boolean;
}

/** Questions to the catalog and their answers, for one run of a stream. The catalog is asked outside any transaction. */
export class Knowledge implements Answers, Prepared {
  private readonly known = new Map<string, Known>();
  private used = new Map<string, Known>();
  private questions = 0;
  private seen: { item: PendingItem; thread: Thread } | undefined;

  constructor(
    private readonly merchantId: string,
    private readonly catalog: CatalogClient,
  ) {}

  /** The stream has this item alone, which is about this thread. */
  sees(item: PendingItem, thread: Thread): void {
    this.seen = { item, thread };
  }

  get only(): PendingItem | undefined {
    return this.seen?.item;
  }

  /** What `only` is about, as it was seen. */
  get thread(): Thread | undefined {
    return this.seen?.thread;
  }

  get(key: string): Answer | undefined {
    const found = this.known.get(key);
    if (found) this.used.set(key, found);
    return found?.answer;
  }

  /** Takes a step with what is known. @throws Unprepared when more has to be known. */
  step(state: ThreadState, event: ThreadEvent, context: StepContext): Step {
    const outcome = this.try(state, event, context);
    if ('needs' in outcome) throw new Unprepared(() => this.ask(outcome.needs, context.now));
    return outcome;
  }

  /** Asks whatever the step needs, and returns the state after it. Only the answers are kept. */
  async lookAhead(state: ThreadState, event: ThreadEvent, context: StepContext): Promise<ThreadState> {
    for (;;) {
      const outcome = this.try(state, event, context);
      if (!('needs' in outcome)) return outcome.state;
      await this.ask(outcome.needs, context.now);
    }
  }

  /** What the last step has used; undefined when it was nothing. */
  get evidence(): Cleared<object> | undefined {
    if (this.used.size === 0) return undefined;
    const asked = [...this.used.values()].map(({ question, answer }) => ({ question, answer }));
    return cleared({ asked: JSON.stringify(asked).length > LONGEST_EVIDENCE ? excerpt(asked) : asked });
  }

  private try(state: ThreadState, event: ThreadEvent, context: StepContext): Outcome {
    for (const [key, { answer, held }] of this.known) {
      if (held && !stillHolds(answer, context.now)) this.known.delete(key);
    }
    this.used = new Map();
    return step(state, event, context, this);
  }

  private async ask(question: Question, now: Date): Promise<void> {
    this.questions += 1;
    const until = performance.now() + ASK_FOR_MS;
    for (;;) {
      const answer = await this.answerTo(question);
      const { reply } = answer;
      const away = reply.outcome === 'unavailable' && reply.unreachable;
      if (!away || performance.now() + ASK_AGAIN_MS > until) {
        this.known.set(keyOf(question), { question, answer, held: stillHolds(answer, now) });
        return;
      }
      await sleep(ASK_AGAIN_MS);
    }
  }

  private async answerTo(question: Question): Promise<Answer> {
    const { kind } = question;
    if (this.questions > MOST_QUESTIONS) {
      return { kind, reply: { outcome: 'unavailable', reason: 'it has been asked too often' } };
    }
    switch (kind) {
      case 'categories':
        return { kind, reply: await this.catalog.categories(this.merchantId) };
      case 'search':
        return { kind, reply: await this.catalog.search(this.merchantId, question.query) };
      case 'quote':
        return { kind, reply: await this.catalog.quote(this.merchantId, question.lines) };
    }
  }
}
