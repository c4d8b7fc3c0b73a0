import type { AppRequest } from '@ausculta/contract/apps';
import { Button, TextInput } from '@mantine/core';
import { createLazyRoute } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { isFault } from '../account/proof-form.tsx';
import { useFreshProof } from '../account/use-fresh-proof.tsx';
import { letInByCode, lookAtCode, refuseByCode } from '../api/app-queries.ts';
import { RequestRefused } from '../api/client.ts';
import classes from './app-decision.module.css';
import { AppDecisionForm } from './app-decision.tsx';

export const Route = createLazyRoute('/workspace/device-code')({ component: DeviceCodePage });

/** Whoever has sent the code may be elsewhere: a year is given by who ticks it, and by no slip. */
const GOES_ON = ['offline_access'];

interface Found {
  readonly code: string;
  readonly request: AppRequest;
}

/** Another screen shows a code: whoever types it in here decides about the app on that screen. */
function DeviceCodePage() {
  const [shown] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  // A code in the address would be there for whoever goes back.
  useEffect(() => window.history.replaceState(window.history.state, '', '/device-code'), []);
  const [found, setFound] = useState<Found>();
  const [said, setSaid] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const proof = useFreshProof();

  function decide(act: () => Promise<void>, words: string): void {
    setBusy(true);
    void proof
      .run(async () => {
        await act();
        setSaid(words);
      })
      .finally(() => setBusy(false));
  }

  return (
    <main className={classes.page} aria-label="App on another screen">
      <div className={classes.column}>
        {proof.notice}
        {said !== undefined && (
          <p className={`card ${classes.card}`} role="status">
            {said}
          </p>
        )}
        {said === undefined && found === undefined && (
          <CodeForm initial={shown} onFound={setFound} />
        )}
        {said === undefined && found !== undefined && (
          <AppDecisionForm
            request={found.request}
            leftAtFirst={GOES_ON}
            isBusy={isBusy}
            onLetIn={(decision) =>
              decide(
                () => letInByCode({ ...decision, code: found.code }),
                `“${found.request.app}” goes on, on its own screen.`,
              )
            }
            onRefuse={() =>
              decide(
                () => refuseByCode(found.code),
                `“${found.request.app}” was not let in. Nothing was given to it.`,
              )
            }
          />
        )}
      </div>
    </main>
  );
}

interface CodeFormProps {
  readonly initial: string;
  readonly onFound: (found: Found) => void;
}

function CodeForm({ initial, onFound }: CodeFormProps) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function look(code: string): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      onFound({ code, request: await lookAtCode(code) });
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  }

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    void look(String(new FormData(event.currentTarget).get('code') ?? '').trim());
  }

  return (
    <form className={`card ${classes.card}`} aria-label="Type in a code" onSubmit={onSubmit}>
      <h2>Let an app on another screen in</h2>
      <p>Type in the code that it shows. Do so only for a screen that is before you.</p>
      <TextInput
        label="Code"
        name="code"
        defaultValue={initial}
        placeholder="BCDF-GHJK"
        autoCapitalize="characters"
        autoComplete="off"
        spellCheck={false}
        required
        autoFocus
        error={problem}
      />
      <div className={classes.buttons}>
        <Button type="submit" loading={isBusy}>
          Go on
        </Button>
      </div>
    </form>
  );
}

function problemOf(error: unknown): string {
  if (isFault(error, 'NOT_FOUND') || isFault(error, 'PAYLOAD_MALFORMED'))
    return 'No app waits with this code. Codes are good for a quarter of an hour.';
  if (!(error instanceof RequestRefused)) return 'This failed. Try again.';
  return error.status === 429 ? 'Too many attempts. Wait a minute.' : error.message;
}
