import type { LinkOwner } from '@ausculta/contract/accounts';
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { linkOwnerQuery } from '../api/account-queries.ts';
import { RequestRefused } from '../api/client.ts';
import { SAFETY_SENTENCE } from '../frame/safety-notice.tsx';
import { Icon } from '../theme/icon.tsx';
import { ProviderButtons } from './provider-buttons.tsx';
import classes from './sign-in-page.module.css';
import { useWelcome } from './use-welcome.ts';

export const Route = createLazyRoute('/welcome')({ component: WelcomePage });

/** Where a link leads that works once: its person chooses a password and is signed in. */
function WelcomePage() {
  const [token] = useState(() => window.location.hash.slice(1));
  // It is not to stand in the address, for whoever looks over a shoulder or goes back.
  useEffect(() => window.history.replaceState(window.history.state, '', '/welcome'), []);
  const { data: owner, error, refetch } = useQuery(linkOwnerQuery(token));
  return (
    <main className={classes.page}>
      <div className={`card ${classes.form}`}>
        <div className={classes.brand}>
          <Icon name="stethoscope" size={28} />
          <h1>Ausculta</h1>
        </div>
        {owner !== undefined && <ChoosePassword token={token} owner={owner} />}
        {owner === undefined && error !== null && (
          <NoLink error={error} retry={() => void refetch()} />
        )}
      </div>
      <p className={classes.notice}>{SAFETY_SENTENCE}</p>
    </main>
  );
}

function ChoosePassword({ token, owner }: { readonly token: string; readonly owner: LinkOwner }) {
  const { errors, isBusy, submit } = useWelcome(token);
  const [needsCode] = useState(owner.needsCode);
  const [code, setCode] = useState('');

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => String(fields.get(name) ?? '');
    void submit({
      password: text('password'),
      again: text('again'),
      ...(needsCode && { code: code.trim() }),
    });
  }

  return (
    <form className={classes.fields} aria-label="Choose a password" noValidate onSubmit={onSubmit}>
      <p>
        <b>Welcome, {owner.displayName}.</b> Choose a password for {owner.organisationName}. A few
        words in a row are long, and easy to keep.
      </p>
      {errors.form !== undefined && (
        <p className={classes.refused} role="alert">
          {errors.form}
        </p>
      )}
      <TextInput
        label="Login name"
        name="loginName"
        autoComplete="username"
        value={owner.loginName}
        readOnly
      />
      <PasswordInput
        label="New password, at least 12 characters"
        name="password"
        autoComplete="new-password"
        autoFocus
        error={errors.password}
      />
      <PasswordInput
        label="The same again"
        name="again"
        autoComplete="new-password"
        error={errors.again}
      />
      {needsCode && (
        <TextInput
          label="Code of your app, or a recovery code"
          name="code"
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={errors.code}
        />
      )}
      <Button type="submit" fullWidth loading={isBusy}>
        Set the password and sign in
      </Button>
      <ProviderButtons
        wanted={{ link: { token, ...(code.trim() !== '' && { code: code.trim() }) } }}
        says={(label) => `No password: use ${label}`}
      />
    </form>
  );
}

function NoLink({ error, retry }: { readonly error: Error; readonly retry: () => void }) {
  const isSpent = error instanceof RequestRefused && error.status > 0 && error.status < 500;
  return (
    <>
      <p className={classes.refused} role="alert">
        {isSpent ? (
          <>
            <b>This link opens nothing any more.</b> It works once and for 24 hours, and a newer
            link ends it. Ask your administrator for another one.
          </>
        ) : (
          error.message
        )}
      </p>
      {!isSpent && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
      <Link to="/sign-in" className={classes.hint}>
        Sign in with a password
      </Link>
    </>
  );
}
