import { problem } from '../http/problem.js';

/** Runs a write; a breach of one of these unique constraints becomes a 409 in plain words. */
export async function conflictOn<T>(
  constraints: Readonly<Record<string, string>>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code, constraint } =
      (error as { driverError?: { code?: string; constraint?: string } }).driverError ?? {};
    const detail = code === '23505' && constraint ? constraints[constraint] : undefined;
    throw detail ? problem(409, 'already_in_use', detail) : error;
  }
}
