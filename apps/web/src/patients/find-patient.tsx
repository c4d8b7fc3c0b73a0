import type { FoundPatients } from '@ausculta/contract/access';
import { Button, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { findPatients } from '../api/access-queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { nameText } from '../vitals/identity-text.ts';
import classes from './find-patient.module.css';

/** Somebody who is not on the list: to admit them, or to open a closed record in an emergency. */
export function FindPatient() {
  const act = useAct();
  const [wanted, setWanted] = useState('');
  const [found, setFound] = useState<FoundPatients>();

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    void act.run(async () => setFound(await findPatients(wanted.trim())));
  }

  return (
    <section className={`card ${classes.find}`} aria-label="Somebody who is not on the list">
      <form className={classes.form} aria-label="Find a patient" onSubmit={onSubmit}>
        <TextInput
          className={classes.field}
          label="Somebody who is not on the list"
          placeholder="Name or record number"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={act.isBusy}
          disabled={wanted.trim().length < 2}
        >
          Find
        </Button>
      </form>
      <ProblemNote problem={act.problem} />
      {found !== undefined && (
        <ul className={classes.found} aria-label="Found">
          {found.found.map((one) => (
            <li key={one.id}>
              <Link to="/patients/$id" params={{ id: one.id }}>
                {nameText({ ...one, sex: 'unknown' })}
              </Link>
              <small>
                {one.recordNumber}
                {one.birthDate !== undefined && ` · born ${one.birthDate}`}
              </small>
            </li>
          ))}
          {found.found.length === 0 && <li>Nobody of this name or number is in this house.</li>}
          {found.more && <li>There are more: write more of the name.</li>}
        </ul>
      )}
    </section>
  );
}
