import type { Relation } from '@ausculta/contract/access';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { roleWords } from '../accounts/role-words.ts';
import { endRelation, teamQuery } from '../api/access-queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import classes from './access-page.module.css';
import { alsoWords, KIND_WORDS, lastsWords, orderTeam } from './access-words.ts';

interface TeamListProps {
  readonly subjectId: string;
  readonly team: readonly Relation[];
  readonly mayEnd: (kind: Relation['kind']) => boolean;
}

export function TeamList({ subjectId, team, mayEnd }: TeamListProps) {
  const nowMs = useNow(10_000);
  const lasting = orderTeam(team).filter(
    ({ until }) => until === null || Date.parse(until) > nowMs,
  );
  if (lasting.length === 0) return <p>Nobody is on it yet.</p>;
  return (
    <ul className={classes.rows}>
      {lasting.map((member) => (
        <Member
          key={`${member.accountId} ${member.kind}`}
          subjectId={subjectId}
          member={member}
          also={alsoWords(member, lasting)}
          mayEnd={mayEnd(member.kind)}
        />
      ))}
    </ul>
  );
}

interface MemberProps {
  readonly subjectId: string;
  readonly member: Relation;
  readonly also: string | undefined;
  readonly mayEnd: boolean;
}

/** What ending it means stands there before it is done. */
function Member({ subjectId, member, also, mayEnd }: MemberProps) {
  const client = useQueryClient();
  const act = useAct();
  const [isAsking, setAsking] = useState(false);
  const { name, roles, house, kind } = member;
  const end = () =>
    void act.run(async () => {
      await endRelation(subjectId, member);
      await client.invalidateQueries({ queryKey: teamQuery(subjectId).queryKey });
    });
  return (
    <li data-testid="member">
      <div>
        <b>{name}</b>
        {house !== null && `, ${house}`}
        <br />
        <small>
          {[KIND_WORDS[kind], ...(kind === 'self' ? [] : roles.map(roleWords))].join(', ')} ·{' '}
          {lastsWords(member, momentWords)}
        </small>
        {also !== undefined && (
          <>
            <br />
            <b>{also}</b>
          </>
        )}
      </div>
      {mayEnd && !isAsking && (
        <Button variant="default" onClick={() => setAsking(true)}>
          End<span className="visually-hidden"> for {name}</span>
        </Button>
      )}
      {isAsking && (
        <div className={`${classes.told} ${classes.wide}`}>
          <p>
            {name} sees this record no more, unless on shift where the patient lies. What is open on
            a screen is closed.
          </p>
          <div className={classes.buttons}>
            <Button loading={act.isBusy} onClick={end}>
              End it now
            </Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep
            </Button>
          </div>
          <ProblemNote problem={act.problem} />
        </div>
      )}
    </li>
  );
}
