import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { breakGlass, emergenciesQuery, myAccessQuery } from '../api/access-queries.ts';
import { subjectsQuery } from '../api/queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { Icon } from '../theme/icon.tsx';
import classes from './access-page.module.css';

const TIMES = [
  { value: '30', label: '30 minutes' },
  { value: '60', label: 'One hour' },
  { value: '120', label: 'Two hours' },
  { value: '240', label: 'Four hours' },
];

/** As the server asks. */
const REASON_MIN = 10;

/** A record that is closed to the caller, and what opens it when somebody is in danger. */
export function ClosedRecord({ subjectId }: { readonly subjectId: string }) {
  const client = useQueryClient();
  const act = useAct();
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('60');

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const asked = { reason: reason.trim(), minutes: Number(minutes) };
    void act.run(async () => {
      await breakGlass(subjectId, asked);
      const changed = [emergenciesQuery, myAccessQuery(subjectId), subjectsQuery];
      await Promise.all(changed.map(({ queryKey }) => client.invalidateQueries({ queryKey })));
    });
  }

  return (
    <main className={classes.closed} aria-label="A closed record">
      <section className={`card ${classes.part}`}>
        <h1>
          <Icon name="lock" size={20} /> This record is closed to you
        </h1>
        <p>
          You are not of the care team, and not on shift where this patient lies; or there is no
          such record. Ask whoever treats the patient to put you on the care team.
        </p>
      </section>
      <section
        className={`card ${classes.part} ${classes.emergency}`}
        aria-label="Emergency access"
      >
        <h2>
          <Icon name="triangle-alert" size={20} /> Somebody is in danger, and you need it now
        </h2>
        <ul>
          <li>The record opens at once, to you alone, until the time is over.</li>
          <li>Your name, the time and your reason are written down, and somebody reviews them.</li>
          <li>The patient can read that you looked.</li>
        </ul>
        <form className={classes.form} aria-label="Emergency access" onSubmit={onSubmit}>
          <Textarea
            label="Why"
            description="At least 10 characters. It is sealed with the record."
            minRows={2}
            autosize
            maxLength={1000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
          />
          <NativeSelect
            label="For how long"
            data={TIMES}
            value={minutes}
            onChange={(event) => setMinutes(event.currentTarget.value)}
          />
          <Button type="submit" loading={act.isBusy} disabled={reason.trim().length < REASON_MIN}>
            Open the record in an emergency
          </Button>
          <ProblemNote problem={act.problem} />
        </form>
      </section>
      <p>
        <Link to="/patients">All patients</Link>
      </p>
    </main>
  );
}
