import type { MySignOn } from '@ausculta/contract/sign-on';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { linkBySignOn, mySignOnQuery, unlinkSignOn } from '../api/sign-on.ts';
import { momentWords } from '../patient/time-words.ts';
import { signedOnWords } from '../sign-in/signed-on-words.ts';
import classes from './account-page.module.css';
import type { FreshProof } from './use-fresh-proof.tsx';

type OneProvider = MySignOn['providers'][number];

/** Accounts elsewhere by which this one is opened; nothing where the house has no provider. */
export function SignOnSection({ proof }: { readonly proof: FreshProof }) {
  const queryClient = useQueryClient();
  const { data: providers = [] } = useQuery(mySignOnQuery);
  const [problem, setProblem] = useState<string>();
  const settle = () => queryClient.invalidateQueries({ queryKey: mySignOnQuery.queryKey });

  async function link(name: string): Promise<void> {
    setProblem(undefined);
    const said = await linkBySignOn(name);
    if (said !== 'done') setProblem(signedOnWords(said));
    await settle();
  }

  if (providers.length === 0) return null;
  return (
    <section className={`card ${classes.section}`} aria-label="Sign-on elsewhere">
      <h2>Sign-on elsewhere</h2>
      <p>You sign in with an account that you have there. What you may do is said here.</p>
      <ul className={classes.rows}>
        {providers.map((provider) => (
          <ProviderRow
            key={provider.name}
            provider={provider}
            link={() => void proof.run(() => link(provider.name))}
            unlink={() => void proof.run(() => unlinkSignOn(provider.name).then(settle))}
          />
        ))}
      </ul>
      {problem !== undefined && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

interface ProviderRowProps {
  readonly provider: OneProvider;
  readonly link: () => void;
  readonly unlink: () => void;
}

function ProviderRow({ provider, link, unlink }: ProviderRowProps) {
  const { label, linkedAt, usedAt, isOffered } = provider;
  return (
    <li>
      <span>
        {label}
        <br />
        <small>
          {linkedAt === null ? 'Not linked' : `Linked ${momentWords(Date.parse(linkedAt))}`}
          {usedAt !== null && `, last used ${momentWords(Date.parse(usedAt))}`}
          {!isOffered && '. Nobody comes in by it any more'}
        </small>
      </span>
      {linkedAt === null ? (
        <Button size="compact-sm" aria-label={`Link ${label}`} onClick={link}>
          Link
        </Button>
      ) : (
        <Button size="compact-sm" variant="default" aria-label={`Unlink ${label}`} onClick={unlink}>
          Unlink
        </Button>
      )}
    </li>
  );
}
