import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { followLink } from '../api/account-queries.ts';
import { RequestRefused } from '../api/client.ts';
import { sessionQuery } from '../api/queries.ts';
import { passwordWords } from './password-words.ts';

interface WelcomeErrors {
  readonly password?: string;
  readonly again?: string;
  readonly code?: string;
  readonly form?: string;
}

interface Chosen {
  readonly password: string;
  readonly again: string;
  readonly code?: string;
}

/** A link works once: what can be seen to be wrong is said before it is used. */
export function useWelcome(token: string) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [errors, setErrors] = useState<WelcomeErrors>({});
  const [isBusy, setBusy] = useState(false);

  async function submit({ again, ...chosen }: Chosen): Promise<void> {
    const missing: WelcomeErrors = {
      ...([...chosen.password].length < 12 && { password: 'At least 12 characters.' }),
      ...(again !== chosen.password && { again: 'This is not the same.' }),
      ...(chosen.code === '' && { code: 'Enter the code.' }),
    };
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    setBusy(true);
    try {
      const session = await followLink({ token, ...chosen });
      queryClient.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: '/account', replace: true });
    } catch (error) {
      setErrors(errorsOf(error));
    } finally {
      setBusy(false);
    }
  }

  return { errors, isBusy, submit };
}

function errorsOf(error: unknown): WelcomeErrors {
  if (!(error instanceof RequestRefused)) return { form: 'This failed. Try again.' };
  if (error.fault === 'PASSWORD_REFUSED') return { password: passwordWords(error.detail) };
  if (error.fault === 'SECOND_FACTOR_NEEDED')
    return { code: 'The code is wrong, or was used before. Enter the one that is shown now.' };
  if (error.status === 429) return { form: 'Too many attempts. Wait a minute, then try again.' };
  return { form: error.message };
}
