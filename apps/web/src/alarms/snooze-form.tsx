import type { AlarmView } from '@ausculta/contract/alarms';
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { snoozeAlarm } from '../api/queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { extremeQuantity } from './alarm-text.ts';
import classes from './snooze-form.module.css';

const MINUTES = ['5', '15', '30', '60'];
const REASON_MAX = 200;

interface SnoozeFormProps {
  readonly alarm: AlarmView;
  readonly close: () => void;
}

/** For how long, and why: whoever comes next reads it. It closes once the server has taken it. */
export function SnoozeForm({ alarm, close }: SnoozeFormProps) {
  const act = useAct();
  const [minutes, setMinutes] = useState('15');
  const [reason, setReason] = useState('');

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const wish = { minutes: Number(minutes), reason: reason.trim() };
    void act.run(() => snoozeAlarm(alarm, wish)).then((isDone) => isDone && close());
  }

  return (
    <form className={classes.form} onSubmit={onSubmit} aria-label="Snooze">
      <SegmentedControl
        fullWidth
        size="xs"
        data={MINUTES.map((value) => ({ value, label: `${value} min` }))}
        value={minutes}
        onChange={setMinutes}
        aria-label="Call again in"
      />
      <TextInput
        required
        label="Why"
        maxLength={REASON_MAX}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <p>
        It calls again in {minutes} minutes if it is not over, and at once beyond{' '}
        {extremeQuantity(alarm)}.
      </p>
      <ProblemNote problem={act.problem} />
      <div className={classes.buttons}>
        <Button type="submit" size="compact-md" disabled={act.isBusy || reason.trim() === ''}>
          Snooze {minutes} min
        </Button>
        <Button size="compact-md" variant="default" onClick={close}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
