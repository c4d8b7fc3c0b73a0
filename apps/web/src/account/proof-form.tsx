import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { proveSession } from '../api/account-queries.ts';
import { RequestRefused } from '../api/client.ts';
import { hasPasskeys, isGivenUp, proveWithPasskey } from '../api/passkeys.ts';
import { proofBySignOnQuery, proveBySignOn } from '../api/sign-on.ts';
import { signedOnWords } from '../sign-in/signed-on-words.ts';
import classes from './account-page.module.css';

interface ProofFormProps {
  readonly label: string;
  readonly action: string;
  readonly onProved: () => void;
}

/** Who is signed in proves once more that it is they. */
export function ProofForm({ label, action, onProved }: ProofFormProps) {
  const [problem, setProblem] = useState<string>();
  const [needsCode, setNeedsCode] = useState(false);
  const [isBusy, setBusy] = useState(false);

  async function prove(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      onProved();
    } catch (error) {
      if (isFault(error, 'SECOND_FACTOR_NEEDED') && !needsCode) setNeedsCode(true);
      else setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  }

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get('password') ?? '');
    const code = String(fields.get('code') ?? '').trim();
    void prove(() => proveSession({ password, ...(needsCode && { code }) }));
  }

  return (
    <form className={classes.fields} aria-label={label} onSubmit={onSubmit}>
      <PasswordInput
        label="Your password"
        name="password"
        autoComplete="current-password"
        required
        autoFocus
      />
      {needsCode && (
        <TextInput
          label="Code of your app, or a recovery code"
          name="code"
          autoComplete="one-time-code"
          required
          autoFocus
        />
      )}
      {problem !== undefined && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={classes.buttons}>
        <Button type="submit" loading={isBusy}>
          {action}
        </Button>
        {hasPasskeys() && (
          <Button variant="default" onClick={() => void prove(proveWithPasskey)}>
            Use a passkey
          </Button>
        )}
        <ElsewhereButtons onProved={onProved} onProblem={setProblem} />
      </div>
    </form>
  );
}

interface ElsewhereButtonsProps {
  readonly onProved: () => void;
  readonly onProblem: (words: string | undefined) => void;
}

/** In a window beside, which may be left open: the form waits for nobody. */
function ElsewhereButtons({ onProved, onProblem }: ElsewhereButtonsProps) {
  const { data: providers } = useQuery(proofBySignOnQuery);

  async function prove(provider: string): Promise<void> {
    onProblem(undefined);
    try {
      const said = await proveBySignOn(provider);
      if (said === 'done') onProved();
      else onProblem(signedOnWords(said));
    } catch (error) {
      onProblem(problemOf(error));
    }
  }

  return providers?.map(({ name, label }) => (
    <Button key={name} variant="default" onClick={() => void prove(name)}>
      Use {label}
    </Button>
  ));
}

export const isFault = (error: unknown, fault: string): boolean =>
  error instanceof RequestRefused && error.fault === fault;

function problemOf(error: unknown): string {
  if (isGivenUp(error)) return 'No passkey was used.';
  if (!(error instanceof RequestRefused)) return 'This failed. Try again.';
  if (error.fault === 'SECOND_FACTOR_NEEDED') return 'The code is wrong, or was used before.';
  if (error.status === 401) return 'This is not right.';
  if (error.status === 429) return 'Too many attempts. Wait a minute, then try again.';
  return error.message;
}
