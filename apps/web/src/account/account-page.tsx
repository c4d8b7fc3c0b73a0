import { Button, PasswordInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { changePassword, meQuery } from '../api/account-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import classes from './account-page.module.css';
import { AppSection } from './app-section.tsx';
import { PasskeySection } from './passkey-section.tsx';
import { SecondFactorSection } from './second-factor-section.tsx';
import { SessionSection } from './session-section.tsx';
import { SignOnSection } from './sign-on-section.tsx';
import { type FreshProof, useFreshProof } from './use-fresh-proof.tsx';

export const Route = createLazyRoute('/workspace/account')({ component: AccountPage });

/** What a person sets of their own account, and where they are signed in. */
function AccountPage() {
  const { data: me, error, refetch } = useQuery(meQuery);
  const proof = useFreshProof();
  if (me === undefined && error !== null) {
    const retry = () => void refetch();
    return <ErrorState title="Your account cannot be loaded" error={error} retry={retry} />;
  }
  return (
    <main className={classes.page} aria-label="My account" aria-busy={me === undefined}>
      {proof.notice}
      {me !== undefined && (
        <div className={classes.columns}>
          <div className={classes.column}>
            <PasskeySection proof={proof} />
            <SignOnSection proof={proof} />
            <SecondFactorSection me={me} proof={proof} />
            <AppSection proof={proof} />
          </div>
          <div className={classes.column}>
            <SessionSection proof={proof} />
            <PasswordSection loginName={me.loginName} proof={proof} />
          </div>
        </div>
      )}
    </main>
  );
}

interface PasswordSectionProps {
  readonly loginName: string;
  readonly proof: FreshProof;
}

function PasswordSection({ loginName, proof }: PasswordSectionProps) {
  const [isDone, setDone] = useState(false);
  const [problem, setProblem] = useState<string>();

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const password = String(fields.get('password') ?? '');
    setDone(false);
    setProblem(password === fields.get('again') ? undefined : 'The two are not the same.');
    if (password !== fields.get('again')) return;
    void proof.run(async () => {
      await changePassword(password);
      form.reset();
      setDone(true);
    });
  }

  return (
    <section className={`card ${classes.section}`} aria-label="Password">
      <h2>Password</h2>
      <form className={classes.fields} aria-label="Change the password" onSubmit={onSubmit}>
        <input type="text" autoComplete="username" value={loginName} readOnly hidden />
        <PasswordInput label="New password" name="password" autoComplete="new-password" required />
        <PasswordInput label="The same again" name="again" autoComplete="new-password" required />
        {problem !== undefined && (
          <p className={classes.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={classes.buttons}>
          <Button type="submit" variant="default">
            Change the password
          </Button>
        </div>
      </form>
      {isDone && <p role="status">Changed. You are signed out everywhere else.</p>}
    </section>
  );
}
