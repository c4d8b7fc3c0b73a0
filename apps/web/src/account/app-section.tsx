import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { myAppsQuery, shutOut } from '../api/app-queries.ts';
import { subjectsQuery } from '../api/queries.ts';
import { asksOf } from '../apps/scope-words.ts';
import { momentWords } from '../patient/time-words.ts';
import { nameText } from '../vitals/identity-text.ts';
import classes from './account-page.module.css';
import type { FreshProof } from './use-fresh-proof.tsx';

/** Whom the person has let act for them, and the way to take it back. */
export function AppSection({ proof }: { readonly proof: FreshProof }) {
  const queryClient = useQueryClient();
  const { data: apps = [] } = useQuery(myAppsQuery);
  const { data: subjects = [] } = useQuery(subjectsQuery);
  const settle = () => queryClient.invalidateQueries({ queryKey: myAppsQuery.queryKey });
  const nameOf = (id: string | null) => {
    const subject = subjects.find((one) => one.id === id);
    return subject === undefined ? '' : ` for ${nameText(subject.identity)}`;
  };
  return (
    <section className={`card ${classes.section}`} aria-label="Apps">
      <h2>Apps that you have let in</h2>
      {apps.length === 0 && <p>None. An app asks you before it sees anything.</p>}
      <ul className={classes.rows}>
        {apps.map(({ id, name, words, subjectId, endsWithSession, grantedAt }) => (
          <li key={id}>
            <span>
              {name}
              {nameOf(subjectId)}
              <br />
              <small>
                {asksOf(words)
                  .map(({ title }) => title)
                  .join('; ')}
                . Since {momentWords(Date.parse(grantedAt))}
                {endsWithSession && ', until you sign out'}.
              </small>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Shut out ${name}`}
              onClick={() => void proof.run(() => shutOut(id).then(settle))}
            >
              Shut out
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
