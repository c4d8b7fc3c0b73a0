import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { lastAlarmsQuery, subjectsQuery } from '../api/queries.ts';
import { CallingNote } from '../calling/calling-note.tsx';
import list from '../frame/list-page.module.css';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { ageSexText, locationText, nameText } from '../vitals/identity-text.ts';
import { alarmKey, compareAlarms } from './alarm-order.ts';
import { alarmText, detailText } from './alarm-text.ts';
import classes from './alarms-page.module.css';
import { answerText, calledAgainText } from './answer-words.ts';
import { PriorityMark } from './priority-mark.tsx';

export const Route = createLazyRoute('/workspace/alarms')({ component: AlarmsPage });

const NOT_LOADED = {
  title: 'The alarms cannot be loaded',
  forWhom:
    'Alarms are shown to whoever treats the patient: to the care team, and to who is on shift.',
};
const NOTHING = {
  open: {
    title: 'No alarm is open',
    text: 'What calls somebody stands here, the most urgent first, until it is over and somebody has answered it.',
  },
  over: {
    title: 'No alarm of the last 24 hours is over',
    text: 'What is over and was answered stands here for a day. What is older stands in the record of each patient.',
  },
};

type Shown = keyof typeof NOTHING;

/** All alarms that the viewer may see. They are answered on the page of the patient, where the strip is (safety S13). */
function AlarmsPage() {
  const [shown, setShown] = useState<Shown>('open');
  const { data, error, refetch } = useQuery(lastAlarmsQuery);
  const { data: subjects } = useQuery(subjectsQuery);
  const live = useLiveVersion();
  const nowMs = useNow(1_000);
  const alarms = data && known(data, live).filter((one) => isOpen(one) === (shown === 'open'));
  return (
    <main className={list.page} aria-label="Alarms" aria-busy={data === undefined}>
      <CallingNote />
      <SegmentedControl
        className={classes.choice ?? ''}
        data={[
          { value: 'open', label: 'Open' },
          { value: 'over', label: 'Over, last 24 hours' },
        ]}
        value={shown}
        onChange={(value) => setShown(value === 'over' ? 'over' : 'open')}
        aria-label="Which alarms"
      />
      {data === undefined && error !== null ? (
        <ErrorState {...NOT_LOADED} error={error} retry={() => void refetch()} />
      ) : alarms?.length === 0 ? (
        <EmptyState {...NOTHING[shown]} />
      ) : (
        <AlarmTable alarms={alarms} subjects={subjects ?? []} nowMs={nowMs} />
      )}
    </main>
  );
}

const isOpen = ({ episode, condition }: AlarmView): boolean =>
  episode !== 'resolved' || condition !== 'absent';

/** Of whom this screen watches, the live socket knows better what is open than what was fetched. */
function known(fetched: readonly AlarmView[], live: ReturnType<typeof useLiveVersion>) {
  const others = fetched.filter((alarm) => !isOpen(alarm) || !live.watches(alarm.subjectId));
  const all = new Map(others.map((alarm) => [alarmKey(alarm), alarm]));
  for (const alarm of live.store.alarms()) all.set(alarmKey(alarm), alarm);
  return [...all.values()].sort(compareAlarms);
}

interface AlarmTableProps {
  readonly alarms: readonly AlarmView[] | undefined;
  readonly subjects: readonly SubjectView[];
  readonly nowMs: number;
}

function AlarmTable({ alarms, subjects, nowMs }: AlarmTableProps) {
  const persons = new Map(subjects.map((subject) => [subject.id, subject]));
  return (
    <div className={`card ${list.card}`}>
      <table className={`${list.table} ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">Alarm</th>
            <th scope="col">Patient</th>
            <th scope="col">Location</th>
            <th scope="col">Raised</th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {alarms === undefined ? (
            <LoadingRows />
          ) : (
            alarms.map((alarm) => (
              <AlarmRow
                key={alarmKey(alarm)}
                alarm={alarm}
                subject={persons.get(alarm.subjectId)}
                nowMs={nowMs}
              />
            ))
          )}
        </tbody>
      </table>
    </div>
  );
}

interface AlarmRowProps {
  readonly alarm: AlarmView;
  readonly subject: SubjectView | undefined;
  readonly nowMs: number;
}

function AlarmRow({ alarm, subject, nowMs }: AlarmRowProps) {
  const { subjectId: id, priority, episode } = alarm;
  const detail = [priority, detailText(alarm, nowMs), calledAgainText(alarm)];
  return (
    <tr data-priority={priority} data-episode={episode} data-testid="alarm-row">
      <td className={classes.what} data-label="Alarm">
        <PriorityMark priority={priority} />
        <span>
          <b>{alarmText(alarm)}</b>
          <br />
          <small>{detail.filter(Boolean).join(', ')}</small>
        </span>
      </td>
      <td data-label="Patient">
        <Link to="/patients/$id" params={{ id }} className={list.name}>
          {subject === undefined ? 'Not known here' : nameText(subject.identity)}
        </Link>
        <br />
        <small>{subject !== undefined && identifiers(subject, nowMs)}</small>
      </td>
      <td data-label="Location">
        {subject === undefined ? 'Not known here' : locationText(subject.identity)}
      </td>
      <td data-label="Raised">{momentWords(alarm.raisedMs)}</td>
      <td data-label="Answer" className={classes.answer}>
        {answerText(alarm) ?? (priority === 'low' ? 'needs no answer' : <b>owed</b>)}
      </td>
    </tr>
  );
}

function identifiers({ identity }: SubjectView, nowMs: number): string {
  return [ageSexText(identity, nowMs), identity.recordNumber].filter(Boolean).join(' · ');
}

function LoadingRows() {
  return [1, 2, 3, 4].map((row) => (
    <tr key={row}>
      {[1, 2, 3, 4, 5].map((cell) => (
        <td key={cell}>
          <div className={`skeleton ${classes.bone}`} />
        </td>
      ))}
    </tr>
  ));
}
