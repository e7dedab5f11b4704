/** Exit codes: 1 the API said no or something is missing, 2 it was called wrongly, 3 the API cannot be reached. */
export type ExitCode = 1 | 2 | 3;

/** An expected failure: its message is all that the person at the terminal needs. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = 1,
    /** Lines that stand below the message. */
    readonly more: readonly string[] = [],
  ) {
    super(message);
  }
}
