import type { SignIn } from '@ausculta/contract/session';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { isGivenUp, signInWithPasskey } from '../api/passkeys.ts';
import { sessionQuery, signIn } from '../api/queries.ts';

export interface SignInErrors {
  readonly loginName?: string;
  readonly password?: string;
  readonly code?: string;
  readonly form?: string;
}

/** What the form knows: what is wrong with it, whether an answer is awaited, and how to try. */
export function useSignIn() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { next, ended } = useSearch({ from: '/sign-in' });
  const [errors, setErrors] = useState<SignInErrors>({});
  const [isBusy, setBusy] = useState(false);
  const [needsCode, setNeedsCode] = useState(false);

  async function submit(credentials: SignIn): Promise<void> {
    const missing = missingFields(credentials);
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    setBusy(true);
    try {
      const session = await signIn(credentials);
      queryClient.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: next ?? '/watch' });
    } catch (error) {
      const isAskedFor = error instanceof RequestRefused && error.fault === 'SECOND_FACTOR_NEEDED';
      // Asked for the first time nothing was wrong.
      setErrors(isAskedFor && !needsCode ? {} : errorsOf(error));
      if (isAskedFor) setNeedsCode(true);
    } finally {
      setBusy(false);
    }
  }

  async function submitPasskey(): Promise<void> {
    setErrors({});
    try {
      queryClient.setQueryData(sessionQuery.queryKey, await signInWithPasskey());
      await navigate({ to: next ?? '/watch' });
    } catch (error) {
      setErrors(passkeyErrorsOf(error));
    }
  }

  return { errors, isBusy, submit, submitPasskey, needsCode, hasEnded: ended === true };
}

function passkeyErrorsOf(error: unknown): SignInErrors {
  if (isGivenUp(error)) return {};
  if (error instanceof RequestRefused && error.status === 401)
    return { form: 'This passkey opens no account here.' };
  return errorsOf(error);
}

function missingFields(fields: SignIn): SignInErrors {
  return {
    ...(fields.loginName === '' && { loginName: 'Enter your login name.' }),
    ...(fields.password === '' && { password: 'Enter your password.' }),
    ...(fields.code === '' && { code: 'Enter the code.' }),
  };
}

function errorsOf(error: unknown): SignInErrors {
  if (!(error instanceof RequestRefused)) return { form: 'Signing in failed. Try again.' };
  if (error.fault === 'SECOND_FACTOR_NEEDED')
    return { code: 'The code is wrong, or was used before. Enter the one that is shown now.' };
  if (error.status === 401) return { password: 'The login name or the password is wrong.' };
  if (error.status === 429) return { form: 'Too many attempts. Wait a minute, then try again.' };
  return { form: error.message };
}
