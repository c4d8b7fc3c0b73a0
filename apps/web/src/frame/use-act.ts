import { useState } from 'react';
import { RequestRefused } from '../api/client.ts';

export interface Act {
  /** True once the server has said that it is done. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly isBusy: boolean;
  /** Why it was not done. */
  readonly problem: string | undefined;
}

/** Something that is asked of the server; nothing is shown as done before it says so. */
export function useAct(): Act {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(problemWords(error));
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { run, isBusy, problem };
}

/** An answer that was lost may have been a yes. */
export function problemWords(error: unknown): string {
  if (!(error instanceof RequestRefused)) return 'Something went wrong.';
  if (error.status === 0 || error.status >= 500)
    return 'The server does not answer now, or its answer was lost: look again before you repeat it.';
  if (error.status === 403) return 'Your role does not open this.';
  return error.message;
}
