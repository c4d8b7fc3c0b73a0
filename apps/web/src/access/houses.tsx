import type { Grant } from '@ausculta/contract/access';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { teamQuery, withdrawGrant } from '../api/access-queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { momentWords } from '../patient/time-words.ts';
import classes from './access-page.module.css';
import { grantSentences, lastsWords } from './access-words.ts';

interface HousesProps {
  readonly subjectId: string;
  readonly grants: readonly Grant[];
  readonly mayWithdraw: boolean;
}

/** What is opened to houses beside this one; they see it with somebody of theirs on the care team. */
export function Houses({ subjectId, grants, mayWithdraw }: HousesProps) {
  const client = useQueryClient();
  const act = useAct();
  if (grants.length === 0) return <p>This record is opened to no other house.</p>;
  const withdraw = (id: string) =>
    void act.run(async () => {
      await withdrawGrant(id);
      await client.invalidateQueries({ queryKey: teamQuery(subjectId).queryKey });
    });
  return (
    <>
      <ul className={classes.rows}>
        {grants.map((grant) => (
          <li key={grant.id} data-testid="grant">
            <div>
              <b>{grant.organisationName}</b>
              {grant.subjectId === null && ', of every patient here'}
              <br />
              {grantSentences(grant).map((sentence) => (
                <span key={sentence}>
                  {sentence} <br />
                </span>
              ))}
              <small>{lastsWords(grant, momentWords)}</small>
            </div>
            {mayWithdraw && grant.subjectId !== null && (
              <Button variant="default" loading={act.isBusy} onClick={() => withdraw(grant.id)}>
                Withdraw
                <span className="visually-hidden"> what is opened to {grant.organisationName}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      <ProblemNote problem={act.problem} />
    </>
  );
}
