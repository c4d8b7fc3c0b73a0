import { Button, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { lastsWords } from '../access/access-words.ts';
import classes from '../account/account-page.module.css';
import { beginShift, endShift, shiftsQuery } from '../api/shift-queries.ts';
import { fromLocal, zoneName } from '../devices/local-time.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';

/** Where somebody is on shift: they see who lies there, and answer their alarms. */
export function ShiftSection({ accountId }: { readonly accountId: string }) {
  const client = useQueryClient();
  const act = useAct();
  const nowMs = useNow(1_000);
  const { data: shifts } = useQuery(shiftsQuery(accountId));
  const now = shifts?.filter(({ until }) => until === null || Date.parse(until) > nowMs);
  const settle = () => client.invalidateQueries({ queryKey: shiftsQuery(accountId).queryKey });
  return (
    <>
      <h3>Shifts</h3>
      {now?.length === 0 && <p>On no shift: sees nobody but by care teams.</p>}
      <ul className={classes.rows} aria-label="Shifts">
        {now?.map((shift) => (
          <li key={shift.id}>
            <span>
              {shift.unit ?? 'Everywhere'}
              <br />
              <small>{lastsWords(shift, momentWords)}</small>
            </span>
            <Button
              variant="default"
              loading={act.isBusy}
              onClick={() => void act.run(() => endShift(shift).then(settle))}
            >
              End<span className="visually-hidden"> the shift {shift.unit ?? 'everywhere'}</span>
            </Button>
          </li>
        ))}
      </ul>
      <ShiftForm accountId={accountId} nowMs={nowMs} settle={settle} />
      <ProblemNote problem={act.problem} />
    </>
  );
}

interface ShiftFormProps {
  readonly accountId: string;
  readonly nowMs: number;
  readonly settle: () => Promise<void>;
}

function ShiftForm({ accountId, nowMs, settle }: ShiftFormProps) {
  const act = useAct();
  const [unit, setUnit] = useState('');
  const [until, setUntil] = useState('');
  const untilMs = until === '' ? undefined : fromLocal(until);
  const isOver = until !== '' && (untilMs === undefined || untilMs <= nowMs);

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const where = unit.trim() === '' ? null : unit.trim();
    void act
      .run(async () => {
        const shift = { accountId, unit: where };
        await beginShift({ ...shift, ...(untilMs !== undefined && { until: untilMs }) });
        await settle();
      })
      .then((isDone) => {
        if (!isDone) return;
        setUnit('');
        setUntil('');
      });
  }

  return (
    <form className={classes.fields} aria-label="A shift" onSubmit={onSubmit}>
      <TextInput
        label="Ward"
        description="As records of patients name it; empty: everywhere"
        maxLength={200}
        value={unit}
        onChange={(event) => setUnit(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label={`Until (${zoneName(nowMs)}; empty: until it is ended)`}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
        error={isOver && 'A time that is still to come.'}
      />
      <Button type="submit" variant="default" loading={act.isBusy} disabled={isOver}>
        {unit.trim() === '' ? 'Begin a shift everywhere' : `Begin a shift on ${unit.trim()}`}
      </Button>
      <ProblemNote problem={act.problem} />
    </form>
  );
}
