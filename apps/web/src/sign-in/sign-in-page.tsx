import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { createLazyRoute, useNavigate, useSearch } from '@tanstack/react-router';
import Stethoscope from 'lucide-react/icons/stethoscope';
import { type FormEvent, useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { sessionQuery, signIn } from '../api/queries.ts';
import { SAFETY_SENTENCE } from '../frame/safety-notice.tsx';
import classes from './sign-in-page.module.css';

export const Route = createLazyRoute('/sign-in')({ component: SignInPage });

interface Errors {
  readonly loginName?: string;
  readonly password?: string;
  readonly form?: string;
}

function SignInPage() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/sign-in' });
  const [errors, setErrors] = useState<Errors>({});
  const [isBusy, setBusy] = useState(false);

  async function submit(form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form);
    const loginName = String(fields.get('loginName') ?? '').trim();
    const password = String(fields.get('password') ?? '');
    const missing = missingFields({ loginName, password });
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    setBusy(true);
    try {
      const session = await signIn({ loginName, password });
      queryClient.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: next ?? '/watch' });
    } catch (error) {
      setErrors(errorsOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className={classes.page}>
      <form
        className={`card ${classes.form}`}
        aria-label="Sign in"
        noValidate
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <div className={classes.brand}>
          <Stethoscope size={28} aria-hidden="true" />
          <h1>Ausculta</h1>
        </div>
        {errors.form !== undefined && (
          <p className={classes.refused} role="alert">
            {errors.form}
          </p>
        )}
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
        <Button type="submit" fullWidth loading={isBusy}>
          Sign in
        </Button>
        <p className={classes.hint}>
          The demo prints its login name and password in the terminal where it was started. Its
          patients are invented.
        </p>
      </form>
      <p className={classes.notice}>{SAFETY_SENTENCE}</p>
    </main>
  );
}

function missingFields(fields: { loginName: string; password: string }): Errors {
  return {
    ...(fields.loginName === '' && { loginName: 'Enter your login name.' }),
    ...(fields.password === '' && { password: 'Enter your password.' }),
  };
}

function errorsOf(error: unknown): Errors {
  if (!(error instanceof RequestRefused)) return { form: 'Signing in failed. Try again.' };
  if (error.status === 401) return { password: 'The login name or the password is wrong.' };
  if (error.status === 429) return { form: 'Too many attempts. Wait a minute, then try again.' };
  return { form: error.message };
}
