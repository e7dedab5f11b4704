import { randomInt } from 'node:crypto';

/**
 * The verification call Meta makes before it accepts a callback address: the raw challenge must come back with 200.
 * Answers why it failed, or nothing when it succeeded.
 */
export async function verifyCallback(callbackUrl: string, verifyToken: string): Promise<string | undefined> {
  const challenge = String(randomInt(100_000_000, 2_000_000_000));
  const url = new URL(callbackUrl);
  url.searchParams.set('hub.mode', 'subscribe');
  url.searchParams.set('hub.challenge', challenge);
  url.searchParams.set('hub.verify_token', verifyToken);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'manual' });
    const body = await response.text();
    if (response.status !== 200) return `the callback answered ${response.status}`;
    if (body !== challenge) return 'the callback did not answer with the challenge alone';
    return undefined;
  } catch (error) {
    return `the callback could not be reached: ${error instanceof Error ? error.message : String(error)}`;
  }
}
