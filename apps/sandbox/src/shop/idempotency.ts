import { createHash } from 'node:crypto';
import type { Collection } from '../world/documents.js';
import type { IdempotencyDoc } from './shop.types.js';
import { StoreProblem } from './store-problem.js';

const KEPT_MS = 7 * 24 * 3_600_000;

export interface Answer {
  status: number;
  body: unknown;
}

/**
 * Runs `work` once per key: a repeat with an equal body gets the first answer, problems included, one with
 * another body is refused with 422. `work` must not await: that is what keeps two equal calls from both running.
 */
export function answerOnce(
  kept: Collection<IdempotencyDoc>,
  request: { path: string; key: string | undefined; body: unknown; now: Date },
  work: () => Answer,
): Answer {
  const { path, key, body, now } = request;
  if (!key || key.length > 255) {
    throw new StoreProblem(
      400,
      'idempotency_key_required',
      'An Idempotency-Key of 1 to 255 characters is required',
    );
  }
  const id = `${path}\n${key}`;
  const bodyHash = createHash('sha256').update(canonicalJson(body)).digest('hex');
  const earlier = kept.get(id);
  if (earlier && now.getTime() - Date.parse(earlier.at) < KEPT_MS) {
    if (earlier.bodyHash !== bodyHash) {
      throw new StoreProblem(422, 'idempotency_key_reused', 'The idempotency key was used with another body');
    }
    return { status: earlier.status, body: earlier.answer };
  }
  const answer = runCatchingProblems(work);
  kept.put(id, { bodyHash, status: answer.status, answer: answer.body, at: now.toISOString() });
  return answer;
}

function runCatchingProblems(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreProblem && error.getStatus() < 500) {
      return { status: error.getStatus(), body: error.getResponse() };
    }
    throw error;
  }
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
