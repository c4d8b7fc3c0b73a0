import type { Relation } from '@ausculta/contract/access';
import { Button, Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { roleWords } from '../accounts/role-words.ts';
import { addToTeam, directoryQuery, teamQuery } from '../api/access-queries.ts';
import { fromLocal, zoneName } from '../devices/local-time.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { useNow } from '../live/live-context.tsx';
import classes from './access-page.module.css';

interface AddToTeamProps {
  readonly subjectId: string;
  readonly team: readonly Relation[];
}

export function AddToTeam({ subjectId, team }: AddToTeamProps) {
  const client = useQueryClient();
  const act = useAct();
  const nowMs = useNow(60_000);
  const { data: directory } = useQuery(directoryQuery);
  const [accountId, setAccount] = useState<string | null>(null);
  const [until, setUntil] = useState('');
  const on = team.filter(({ kind }) => kind === 'care-team').map((member) => member.accountId);
  const people = directory?.people.filter(({ id }) => !on.includes(id)) ?? [];
  const untilMs = until === '' ? undefined : fromLocal(until);
  const isOver = until !== '' && (untilMs === undefined || untilMs <= nowMs);

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (accountId === null) return;
    void act
      .run(async () => {
        const member = { accountId, kind: 'care-team' } as const;
        await addToTeam(subjectId, { ...member, ...(untilMs !== undefined && { until: untilMs }) });
        await client.invalidateQueries({ queryKey: teamQuery(subjectId).queryKey });
      })
      .then((isDone) => {
        if (!isDone) return;
        setAccount(null);
        setUntil('');
      });
  }

  return (
    <section className={`card ${classes.part}`} aria-label="Put somebody on the care team">
      <h2>Put somebody on the care team</h2>
      <form className={classes.form} aria-label="A member of the care team" onSubmit={onSubmit}>
        <Select
          label="Who"
          placeholder="Search by name"
          searchable
          limit={50}
          nothingFoundMessage="Nobody of this name treats here."
          data={people.map(({ id, name, roles }) => ({
            value: id,
            label: `${name}, ${roles.map(roleWords).join(', ').toLowerCase()}`,
          }))}
          value={accountId}
          onChange={setAccount}
        />
        <TextInput
          type="datetime-local"
          label={`Until (${zoneName(nowMs)}; empty: until it is ended)`}
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
          error={isOver && 'A time that is still to come.'}
        />
        <Button type="submit" loading={act.isBusy} disabled={accountId === null || isOver}>
          Put on the care team
        </Button>
        <ProblemNote problem={act.problem} />
      </form>
    </section>
  );
}
