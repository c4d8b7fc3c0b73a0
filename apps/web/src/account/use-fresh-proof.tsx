import { type ReactNode, useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { passwordWords } from '../sign-in/password-words.ts';
import classes from './account-page.module.css';
import { isFault, ProofForm } from './proof-form.tsx';

export interface FreshProof {
  /** Runs it; when it asks for a fresh proof, again once that is given. */
  readonly run: (act: () => Promise<void>) => Promise<void>;
  /** Where the proof is asked for, or what went wrong is told. */
  readonly notice: ReactNode;
}

/** Nothing of an account is changed by whoever finds its screen. */
export function useFreshProof(): FreshProof {
  const [waiting, setWaiting] = useState<() => Promise<void>>();
  const [problem, setProblem] = useState<string>();

  async function run(act: () => Promise<void>): Promise<void> {
    setProblem(undefined);
    setWaiting(undefined);
    try {
      await act();
    } catch (error) {
      if (isFault(error, 'PROOF_NEEDED')) setWaiting(() => act);
      else setProblem(wordsOf(error));
    }
  }

  const notice = (
    <>
      {waiting !== undefined && (
        <section className={`card ${classes.proof}`} aria-label="Is it still you?">
          <p>
            <b>Is it still you?</b> This changes who comes in, so it asks once more.
          </p>
          <ProofForm label="Prove it" action="Go on" onProved={() => void run(waiting)} />
        </section>
      )}
      {problem !== undefined && (
        <p className={classes.failure} role="alert">
          <b>Nothing has changed.</b> {problem}
        </p>
      )}
    </>
  );
  return { run, notice };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof RequestRefused)) return 'Something went wrong. Try again.';
  if (error.fault === 'PASSWORD_REFUSED') return passwordWords(error.detail);
  return error.message;
}
