import type { DataClass, Purpose, Role } from '@ausculta/policy/vocabulary';
import { DATA_CLASSES, PURPOSES } from '@ausculta/policy/vocabulary';
import { Button, Checkbox, MultiSelect, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import classes from '../access/access-page.module.css';
import { roleWords } from '../accounts/role-words.ts';
import { directoryQuery } from '../api/access-queries.ts';
import { consentsQuery, recordConsent } from '../api/consent-queries.ts';
import { fromLocal, zoneName } from '../devices/local-time.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { consentOf, type Wish } from './consent-form.ts';
import { readConsent } from './consent-words.ts';

const ROLES: readonly Role[] = [
  ...(['nurse', 'physician', 'primary-care', 'paramedic', 'pharmacist', 'caregiver'] as const),
];
const CLASSES: readonly DataClass[] = [
  ...(['identity', 'placement', 'vitals', 'waveforms', 'alarms', 'events', 'medication'] as const),
  ...(['laboratory', 'documents', 'protocols', 'location'] as const),
];
const FOR: readonly Purpose[] = ['TREAT', 'HOPERAT', 'HPAYMT', 'HRESCH', 'PUBHLTH', 'TRAIN'];

interface Fields {
  readonly who: string[];
  readonly what: string[];
  readonly why: string[];
  readonly until: string;
  readonly isAllMeant: boolean;
}

const EMPTY: Fields = { who: [], what: [], why: [], until: '', isAllMeant: false };

interface Known extends Pick<Wish, 'subjectId' | 'people'> {
  readonly nowMs: number;
}

function wishOf({ who, what, why, until }: Fields, { subjectId, people, nowMs }: Known): Wish {
  return {
    subjectId,
    roles: ROLES.filter((role) => who.includes(role)),
    people: people.filter(({ id }) => who.includes(id)),
    dataClasses: CLASSES.filter((key) => what.includes(key)),
    purposes: FOR.filter((key) => why.includes(key)),
    untilMs: until === '' ? undefined : fromLocal(until),
    atMs: nowMs,
  };
}

/** What it will mean stands there in the platform's own reading of it, before it is recorded. */
export function KeepBackForm({ subjectId }: { readonly subjectId: string }) {
  const client = useQueryClient();
  const act = useAct();
  const nowMs = useNow(60_000);
  const { data: directory } = useQuery(directoryQuery);
  const [fields, setFields] = useState(EMPTY);
  const change = (changes: Partial<Fields>) => setFields({ ...fields, ...changes });
  const people = directory?.people ?? [];
  const wish = wishOf(fields, { subjectId, people, nowMs });
  const isAll = [fields.who, fields.what, fields.why].every(({ length }) => length === 0);
  const isOver = fields.until !== '' && (wish.untilMs === undefined || wish.untilMs <= nowMs);

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    void act
      .run(async () => {
        await recordConsent(consentOf(wish));
        await client.invalidateQueries({ queryKey: consentsQuery(subjectId).queryKey });
      })
      .then((isDone) => isDone && setFields(EMPTY));
  }

  return (
    <section className={`card ${classes.part}`} aria-label="Keep something back">
      <h2>Keep something back</h2>
      <form className={classes.form} aria-label="A decision" onSubmit={onSubmit}>
        <Choices fields={fields} people={people} change={change} />
        <TextInput
          type="datetime-local"
          label={`Until (${zoneName(nowMs)}; empty: until it is withdrawn)`}
          value={fields.until}
          onChange={(event) => change({ until: event.currentTarget.value })}
          error={isOver && 'A time that is still to come.'}
        />
        <Meaning wish={wish} />
        {isAll && (
          <Checkbox
            label="Everything, from everybody who treats this patient: that is what is meant."
            checked={fields.isAllMeant}
            onChange={(event) => change({ isAllMeant: event.currentTarget.checked })}
          />
        )}
        <Button
          type="submit"
          loading={act.isBusy}
          disabled={isOver || (isAll && !fields.isAllMeant)}
        >
          Record what the patient has decided
        </Button>
        <ProblemNote problem={act.problem} />
      </form>
    </section>
  );
}

/** As the policy will read it. */
function Meaning({ wish }: { readonly wish: Wish }) {
  const { people } = wish;
  const nameOf = (reference: string) =>
    people.find(({ id }) => reference.endsWith(id))?.name ?? reference;
  const written = { id: 'new', ...consentOf(wish) };
  const { sentences } = readConsent(written, { nameOf, moment: momentWords });
  return (
    <div className={classes.told} role="status">
      {sentences.map((sentence) => (
        <p key={sentence}>
          <b>{sentence}</b>
        </p>
      ))}
      <p>It holds at once, on open screens as well; yours may be one of them.</p>
    </div>
  );
}

interface ChoicesProps {
  readonly fields: Fields;
  readonly people: Wish['people'];
  readonly change: (changes: Partial<Fields>) => void;
}

function Choices({ fields, people, change }: ChoicesProps) {
  return (
    <>
      <Choice
        label="From whom"
        empty="Everybody"
        data={[
          ...ROLES.map((role) => ({
            value: role,
            label: `Every ${roleWords(role).toLowerCase()}`,
          })),
          ...people.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={fields.who}
        onChange={(who) => change({ who })}
      />
      <Choice
        label="What"
        empty="The whole record"
        data={CLASSES.map((key) => ({ value: key, label: DATA_CLASSES[key].words }))}
        value={fields.what}
        onChange={(what) => change({ what })}
      />
      <Choice
        label="When it is asked for"
        empty="Whatever for"
        data={FOR.map((key) => ({ value: key, label: PURPOSES[key].words }))}
        value={fields.why}
        onChange={(why) => change({ why })}
      />
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  /** What nothing chosen means. */
  readonly empty: string;
  readonly data: { value: string; label: string }[];
  readonly value: string[];
  readonly onChange: (value: string[]) => void;
}

function Choice({ label, empty, data, value, onChange }: ChoiceProps) {
  return (
    <MultiSelect
      label={label}
      placeholder={value.length === 0 ? empty : ''}
      searchable
      data={data}
      value={value}
      onChange={onChange}
      nothingFoundMessage="There is none of this name."
    />
  );
}
