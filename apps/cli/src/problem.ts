/** What went wrong, in one line that says how to mend it, with the exit code of its kind. */
export class CommandProblem extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const EXIT = {
  OK: 0,
  /** The server said no, or does not know what was asked for. */
  REFUSED: 1,
  /** The command was not understood. */
  USAGE: 2,
  /** No server answers. */
  UNREACHABLE: 3,
  /** The token is missing, wrong, or not an administrator's. */
  CREDENTIALS: 4,
} as const;
