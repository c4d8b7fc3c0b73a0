import type { MyAccount, NewSecondFactor } from '@ausculta/contract/me';
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { renderSVG } from 'uqr';
import {
  beginSecondFactor,
  meQuery,
  removeSecondFactor,
  renewRecoveryCodes,
  setSecondFactor,
} from '../api/account-queries.ts';
import classes from './account-page.module.css';
import { isFault } from './proof-form.tsx';
import type { FreshProof } from './use-fresh-proof.tsx';

interface SecondFactorSectionProps {
  readonly me: MyAccount;
  readonly proof: FreshProof;
}

export function SecondFactorSection({ me, proof }: SecondFactorSectionProps) {
  const queryClient = useQueryClient();
  const [begun, setBegun] = useState<NewSecondFactor>();
  const [codes, setCodes] = useState<readonly string[]>();
  const settle = () => queryClient.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
  const show = async (made: readonly string[]): Promise<void> => {
    setBegun(undefined);
    setCodes(made);
    await settle();
  };

  return (
    <section className={`card ${classes.section}`} aria-label="Second factor">
      <h2>Second factor</h2>
      {me.hasSecondFactor ? (
        <p>
          On: beside the password, sign-in asks for a code of your app. {me.recoveryCodesLeft} of 10
          recovery codes are left.
        </p>
      ) : (
        <p>Off. With one, a password that somebody has seen opens nothing by itself.</p>
      )}
      {codes !== undefined && <RecoveryCodeList codes={codes} />}
      {begun !== undefined && <SetUp begun={begun} proof={proof} onSet={show} />}
      {begun === undefined && (
        <div className={classes.buttons}>
          {!me.hasSecondFactor && (
            <Button
              variant="default"
              onClick={() => void proof.run(async () => setBegun(await beginSecondFactor()))}
            >
              Set up an app
            </Button>
          )}
          {me.hasSecondFactor && (
            <>
              <Button
                variant="default"
                onClick={() => void proof.run(async () => show(await renewRecoveryCodes()))}
              >
                New recovery codes
              </Button>
              <Button
                variant="default"
                onClick={() => {
                  setCodes(undefined);
                  void proof.run(() => removeSecondFactor().then(settle));
                }}
              >
                Turn it off
              </Button>
            </>
          )}
        </div>
      )}
    </section>
  );
}

interface SetUpProps {
  readonly begun: NewSecondFactor;
  readonly proof: FreshProof;
  readonly onSet: (codes: readonly string[]) => Promise<void>;
}

function SetUp({ begun, proof, onSet }: SetUpProps) {
  const [problem, setProblem] = useState<string>();
  const picture = `data:image/svg+xml,${encodeURIComponent(renderSVG(begun.uri, { border: 0 }))}`;

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get('code') ?? '').trim();
    setProblem(undefined);
    void proof.run(async () => {
      try {
        await onSet(await setSecondFactor(code));
      } catch (error) {
        if (!isFault(error, 'SECOND_FACTOR_NEEDED') && !isFault(error, 'PAYLOAD_MALFORMED'))
          throw error;
        setProblem('This is not the code that the app shows now.');
      }
    });
  }

  return (
    <form className={classes.fields} aria-label="Set up an app" onSubmit={onSubmit}>
      <p>Scan this with an app for codes, such as the one of your password manager.</p>
      <img
        className={classes.picture}
        src={picture}
        alt="The same as the key below, as a QR code"
      />
      <p>
        Or type this key: <span className={classes.secret}>{begun.secret}</span>
      </p>
      <TextInput
        label="The code that it shows"
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        error={problem}
      />
      <div className={classes.buttons}>
        <Button type="submit">Turn it on</Button>
      </div>
    </form>
  );
}

function RecoveryCodeList({ codes }: { readonly codes: readonly string[] }) {
  return (
    <>
      <p>
        <b>Recovery codes, shown only now.</b> Each opens once in place of a code, for when the app
        is lost. Print them, and keep them where your telephone is not.
      </p>
      <ul className={classes.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </>
  );
}
