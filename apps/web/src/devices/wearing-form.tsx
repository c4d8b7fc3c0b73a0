import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { Button, Checkbox, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { absenceText, byPresence, isHere, isPerson } from '../patients/presence.ts';
import { Icon } from '../theme/icon.tsx';
import classes from './device-page.module.css';
import { fromLocal, toLocal, zoneName } from './local-time.ts';
import { useSayWearing } from './use-say-wearing.ts';
import { consequencesOf, type WearingPlan, whoText } from './wearing-plan.ts';

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number | null;
}

interface WearingFormProps {
  readonly device: DeviceView;
  readonly subjects: readonly SubjectView[];
  /** One that is to be corrected. */
  readonly span: Span | undefined;
}

const KINDS = [
  { value: 'give', label: 'Give to a patient' },
  { value: 'take-off', label: 'Take off' },
  { value: 'correct', label: 'Correct the past' },
] as const satisfies readonly { value: WearingPlan['kind']; label: string }[];

const UNKNOWN = 'unknown';

interface Fields {
  readonly kind: WearingPlan['kind'];
  readonly to: string;
  readonly from: string;
  readonly until: string;
}

/** What follows stands there before it is done; who would be left without a device has to be seen. */
export function WearingForm({ device, subjects, span }: WearingFormProps) {
  const [fields, setFields] = useState<Fields>({
    kind: span === undefined ? 'give' : 'correct',
    to: '',
    from: span === undefined ? '' : toLocal(span.fromMs),
    until: span?.untilMs == null ? '' : toLocal(span.untilMs),
  });
  const [isSeen, setSeen] = useState(false);
  const nowMs = useNow(10_000);
  const { say, isBusy, problem, done } = useSayWearing(device.id);
  const change = (changes: Partial<Fields>) => {
    setSeen(false);
    setFields((before) => ({ ...before, ...changes }));
  };
  const plan = planOf(fields, span);
  const told = plan && consequencesOf(plan, { device, subjects, moment: momentWords, nowMs });

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (plan === undefined) return;
    void say(plan).then((isDone) => {
      if (isDone) setFields({ kind: fields.kind, to: '', from: '', until: '' });
      setSeen(false);
    });
  }

  return (
    <form className={classes.form} aria-label="Who wears it" onSubmit={onSubmit}>
      <SegmentedControl
        className={classes.kinds}
        aria-label="What is to be said"
        fullWidth
        data={[...KINDS]}
        value={fields.kind}
        onChange={(kind) => change({ kind: kind as Fields['kind'] })}
      />
      <WearingFields fields={fields} change={change} subjects={subjects} zone={zoneName(nowMs)} />
      {told !== undefined && (
        <div className={classes.told} role="status">
          {told.says.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
      {told?.unmonitored !== undefined && (
        <div className={classes.loss}>
          <Icon name="triangle-alert" size={20} />
          <Checkbox
            label={`${told.unmonitored} has no device then: nothing monitors this patient. I have seen it.`}
            checked={isSeen}
            onChange={(event) => setSeen(event.currentTarget.checked)}
          />
        </div>
      )}
      <Button
        type="submit"
        loading={isBusy}
        disabled={plan === undefined || (told?.unmonitored !== undefined && !isSeen)}
      >
        {actText(plan, { device, subjects })}
      </Button>
      {problem !== undefined && (
        <p className={classes.problem} role="alert">
          <b>Nothing has changed.</b> {problem}
        </p>
      )}
      {done && <p role="status">Done. It stands in the history now.</p>}
    </form>
  );
}

interface WearingFieldsProps {
  readonly fields: Fields;
  readonly change: (changes: Partial<Fields>) => void;
  readonly subjects: readonly SubjectView[];
  readonly zone: string;
}

function WearingFields({ fields, change, subjects, zone }: WearingFieldsProps) {
  const { kind, to, from, until } = fields;
  const isPast = kind === 'correct';
  return (
    <>
      {kind !== 'take-off' && (
        <NativeSelect
          label={isPast ? 'It was worn by' : 'Patient'}
          data={choices(subjects, isPast)}
          value={to}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
      )}
      <TextInput
        type="datetime-local"
        step={1}
        label={isPast ? `From (${zone})` : `From (${zone}; empty: now)`}
        value={from}
        onChange={(event) => change({ from: event.currentTarget.value })}
      />
      {isPast && (
        <TextInput
          type="datetime-local"
          step={1}
          label={`Until (${zone}; empty: until now and on)`}
          value={until}
          onChange={(event) => change({ until: event.currentTarget.value })}
        />
      )}
    </>
  );
}

/** Who lies here first; the past may be that of somebody who has left, and a bed may get a device again. */
function choices(subjects: readonly SubjectView[], isPast: boolean) {
  const people = subjects
    .filter((subject) => isPerson(subject) && subject.presence !== 'merged')
    .filter((subject) => isPast || isHere(subject) || subject.kind === 'bed')
    .toSorted(byPresence)
    .map((subject) => {
      const absence = absenceText(subject);
      const note = absence === undefined ? '' : ` (${absence.toLowerCase()})`;
      return { value: subject.id, label: whoText(subject.id, subjects) + note };
    });
  const unknown = isPast ? [{ value: UNKNOWN, label: 'Somebody unknown' }] : [];
  return [{ value: '', label: 'Choose a patient' }, ...people, ...unknown];
}

/** Undefined while something is missing, or cannot be. */
function planOf(
  { kind, to, from, until }: Fields,
  span: Span | undefined,
): WearingPlan | undefined {
  const exact = [span?.fromMs, span?.untilMs ?? undefined];
  const fromMs = fromLocal(from, exact);
  if (kind === 'take-off') return { kind, atMs: fromMs };
  if (to === '') return undefined;
  if (kind === 'give') return { kind, toId: to, fromMs };
  const untilMs = fromLocal(until, exact) ?? null;
  if (fromMs === undefined || (untilMs !== null && untilMs <= fromMs)) return undefined;
  return { kind, toId: to === UNKNOWN ? null : to, fromMs, untilMs };
}

function actText(
  plan: WearingPlan | undefined,
  { device, subjects }: Pick<WearingFormProps, 'device' | 'subjects'>,
): string {
  if (plan === undefined) return 'Choose who and when';
  if (plan.kind === 'take-off') return `Take ${device.id} off`;
  if (plan.kind === 'correct') return 'Correct both records';
  const subject = subjects.find(({ id }) => id === plan.toId);
  return `Give ${device.id} to ${subject?.identity.familyName ?? 'this patient'}`;
}
