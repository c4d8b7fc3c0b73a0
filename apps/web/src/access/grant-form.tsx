import { DATA_CLASSES, PURPOSES } from '@ausculta/policy/vocabulary';
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { directoryQuery, giveGrant, teamQuery } from '../api/access-queries.ts';
import { fromLocal, zoneName } from '../devices/local-time.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { useNow } from '../live/live-context.tsx';
import classes from './access-page.module.css';

/** Of a person; who saw what and the consents themselves stay in the house. */
const SHARED = [
  ...(['identity', 'placement', 'vitals', 'waveforms', 'alarms', 'events'] as const),
  ...(['medication', 'laboratory', 'documents', 'protocols'] as const),
];
const CLASSES = SHARED.map((key) => ({ key, words: DATA_CLASSES[key].words }));

const GIVEN_FOR = (['TREAT', 'HPAYMT', 'HRESCH', 'PUBHLTH'] as const).map((key) => ({
  key,
  words: PURPOSES[key].words,
}));

/** They look; what they write they write at home. */
const ACTIONS = ['read', 'search'];

export function GrantForm({ subjectId }: { readonly subjectId: string }) {
  const client = useQueryClient();
  const act = useAct();
  const nowMs = useNow(60_000);
  const { data: directory } = useQuery(directoryQuery);
  const [house, setHouse] = useState('');
  const [dataClasses, setClasses] = useState<string[]>(['identity']);
  const [purposes, setPurposes] = useState<string[]>(['TREAT']);
  const [until, setUntil] = useState('');
  const untilMs = fromLocal(until);
  const isWhole = house !== '' && dataClasses.length > 0 && purposes.length > 0;
  const isToCome = untilMs !== undefined && untilMs > nowMs;

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (untilMs === undefined) return;
    const given = { organisationId: house, subjectId, dataClasses, actions: ACTIONS, purposes };
    void act.run(async () => {
      await giveGrant({ ...given, until: untilMs });
      await client.invalidateQueries({ queryKey: teamQuery(subjectId).queryKey });
      setHouse('');
    });
  }

  if (directory?.houses.length === 0) {
    return <p className={classes.quiet}>No other house shares this installation.</p>;
  }
  return (
    <section className={`card ${classes.part}`} aria-label="Open the record to another house">
      <h2>Open the record to another house</h2>
      <form className={classes.form} aria-label="A grant" onSubmit={onSubmit}>
        <NativeSelect
          label="House"
          data={[
            { value: '', label: 'Choose a house' },
            ...(directory?.houses.map(({ id, name }) => ({ value: id, label: name })) ?? []),
          ]}
          value={house}
          onChange={(event) => setHouse(event.currentTarget.value)}
        />
        <Boxes label="What they see" of={CLASSES} value={dataClasses} onChange={setClasses} />
        <Boxes label="What for" of={GIVEN_FOR} value={purposes} onChange={setPurposes} />
        <TextInput
          type="datetime-local"
          label={`Until (${zoneName(nowMs)})`}
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
          error={until !== '' && !isToCome && 'A time that is still to come.'}
          required
        />
        <p className={classes.told}>
          Somebody of theirs sees it once they are on the care team here as well. It may not be
          passed on.
        </p>
        <Button type="submit" loading={act.isBusy} disabled={!isWhole || !isToCome}>
          Open it
        </Button>
        <ProblemNote problem={act.problem} />
      </form>
    </section>
  );
}

interface BoxesProps {
  readonly label: string;
  readonly of: readonly { readonly key: string; readonly words: string }[];
  readonly value: string[];
  readonly onChange: (value: string[]) => void;
}

function Boxes({ label, of, value, onChange }: BoxesProps) {
  return (
    <Checkbox.Group label={label} value={value} onChange={onChange}>
      <div className={classes.boxes}>
        {of.map(({ key, words }) => (
          <Checkbox key={key} value={key} label={words} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
