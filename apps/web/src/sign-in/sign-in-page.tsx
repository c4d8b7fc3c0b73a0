import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useSearch } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { hasPasskeys } from '../api/passkeys.ts';
import { signInInfoQuery } from '../api/queries.ts';
import { SAFETY_SENTENCE } from '../frame/safety-notice.tsx';
import { Icon } from '../theme/icon.tsx';
import { ProviderButtons } from './provider-buttons.tsx';
import classes from './sign-in-page.module.css';
import { signedOnWords } from './signed-on-words.ts';
import { useSignIn } from './use-sign-in.ts';

export const Route = createLazyRoute('/sign-in')({ component: SignInPage });

function SignInPage() {
  const { errors, isBusy, submit, submitPasskey, hasEnded, needsCode } = useSignIn();
  const { next, said } = useSearch({ from: '/sign-in' });

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const loginName = String(fields.get('loginName') ?? '').trim();
    const code = String(fields.get('code') ?? '').trim();
    const password = String(fields.get('password') ?? '');
    void submit({ loginName, password, ...(needsCode && { code }) });
  }

  return (
    <main className={classes.page}>
      <form className={`card ${classes.form}`} aria-label="Sign in" noValidate onSubmit={onSubmit}>
        <div className={classes.brand}>
          <Icon name="stethoscope" size={28} />
          <h1>Ausculta</h1>
        </div>
        {hasEnded && <SessionEnded />}
        <Refusal words={errors.form ?? (said && signedOnWords(said))} />
        <DemoHint />
        <TextInput
          label="Login name"
          name="loginName"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          error={errors.loginName}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          error={errors.password}
        />
        {needsCode && (
          <TextInput
            label="Code of your app, or a recovery code"
            name="code"
            autoComplete="one-time-code"
            autoFocus
            error={errors.code}
          />
        )}
        <Button type="submit" fullWidth loading={isBusy}>
          Sign in
        </Button>
        {hasPasskeys() && (
          <Button variant="default" fullWidth onClick={() => void submitPasskey()}>
            Sign in with a passkey
          </Button>
        )}
        <ProviderButtons
          wanted={next === undefined ? {} : { next }}
          says={(label) => `Sign in with ${label}`}
        />
        {!hasEnded && (
          <p className={classes.hint}>
            No alarms are shown or sounded on this screen until somebody signs in.
          </p>
        )}
      </form>
      <p className={classes.notice}>{SAFETY_SENTENCE}</p>
    </main>
  );
}

function Refusal({ words }: { readonly words: string | undefined }) {
  if (words === undefined) return null;
  return (
    <p className={classes.refused} role="alert">
      {words}
    </p>
  );
}

function SessionEnded() {
  return (
    <p className={classes.ended} role="alert">
      <b>Your session has ended.</b> No alarms are shown or sounded on this screen until somebody
      signs in.
    </p>
  );
}

/** Only a demo of invented patients tells its login. */
function DemoHint() {
  const { data } = useQuery(signInInfoQuery);
  const login = data?.demoLogin;
  if (login === null || login === undefined) return null;
  return (
    <p className={classes.hint}>
      Demo with invented patients: sign in as <b>{login.loginName}</b> with <b>{login.password}</b>.
    </p>
  );
}
