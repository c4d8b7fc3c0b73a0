import { parseSubjectId } from '@ausculta/vitals/identity';
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import classes from '../access/access-page.module.css';
import { guardRecord, oversightQuery } from '../api/oversight-queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';

/** A record by its id: whoever keeps the audit knows no names. */
export function RecordLookup({ look }: { readonly look: (subjectId: string) => void }) {
  const [id, setId] = useState('');
  const client = useQueryClient();
  const act = useAct();
  const subjectId = parseSubjectId(id.trim().toLowerCase());

  async function guard(): Promise<void> {
    if (subjectId === undefined) return;
    await guardRecord(subjectId, 'PUT');
    setId('');
    await client.invalidateQueries({ queryKey: oversightQuery.queryKey });
  }

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (subjectId !== undefined) look(subjectId);
  }

  return (
    <section className={`card ${classes.part}`} aria-label="Look up a record">
      <h2>Look up a record</h2>
      <form className={classes.form} aria-label="A record" onSubmit={onSubmit}>
        <TextInput
          label="Id of the record"
          description="As it stands in the audit; a name is nowhere in it"
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          error={id !== '' && subjectId === undefined && 'This is no id of a record.'}
        />
        <div className={classes.buttons}>
          <Button type="submit" variant="default" disabled={subjectId === undefined}>
            Who has looked at it
          </Button>
          <Button
            variant="default"
            disabled={subjectId === undefined}
            loading={act.isBusy}
            onClick={() => void act.run(guard)}
          >
            Guard it: tell each look
          </Button>
        </div>
        <ProblemNote problem={act.problem} />
      </form>
    </section>
  );
}
