import type { SignOnProvider, SignOnWanted } from '@ausculta/contract/sign-on';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { signInInfoQuery } from '../api/queries.ts';
import { signOnBy } from '../api/sign-on.ts';
import classes from './sign-in-page.module.css';

interface ProviderButtonsProps {
  readonly wanted: SignOnWanted;
  readonly says: (label: string) => string;
}

/** One for each provider elsewhere by which people come in. */
export function ProviderButtons({ wanted, says }: ProviderButtonsProps) {
  const { data } = useQuery(signInInfoQuery);
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<string>();

  async function go({ name, label }: SignOnProvider): Promise<void> {
    setProblem(undefined);
    setBusy(name);
    try {
      await signOnBy(name, wanted);
    } catch (error) {
      setProblem(problemOf(error, label));
      setBusy(undefined);
    }
  }

  return (
    <>
      {data?.providers.map((provider) => (
        <Button
          key={provider.name}
          variant="default"
          fullWidth
          loading={busy === provider.name}
          onClick={() => void go(provider)}
        >
          {says(provider.label)}
        </Button>
      ))}
      {problem !== undefined && (
        <p className={classes.refused} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function problemOf(error: unknown, label: string): string {
  if (!(error instanceof RequestRefused)) return 'This failed. Try again.';
  if (error.fault === 'PROVIDER_UNREACHABLE')
    return `${label} cannot be reached now. Use your password or a passkey.`;
  if (error.fault === 'SECOND_FACTOR_NEEDED')
    return 'Enter the code of your app above first, one that is shown now.';
  if (error.status === 429) return 'Too many attempts. Wait a minute, then try again.';
  return error.message;
}
