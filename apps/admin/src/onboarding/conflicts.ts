import { Refusal } from '../refusal.js';

/** Runs a write; a breach of one of these unique constraints becomes a refusal in plain words. */
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
    throw detail ? new Refusal('conflict', 'already_in_use', detail) : error;
  }
}
