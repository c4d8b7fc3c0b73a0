import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { compareAlarms, orderAlarms } from '../alarms/alarm-order.ts';
import { alarmText, detailText } from '../alarms/alarm-text.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { openAlarmsQuery, subjectsQuery } from '../api/queries.ts';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { Icon } from '../theme/icon.tsx';
import { lastSignalMs, lostText, NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { ageSexText, byPlace, locationText, nameText } from '../vitals/identity-text.ts';
import { ageText } from '../vitals/number-text.ts';
import classes from './patients-page.module.css';

export const Route = createLazyRoute('/workspace/patients')({ component: PatientsPage });

function PatientsPage() {
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  if (subjects === undefined && error !== null) {
    return (
      <ErrorState
        title="The patients cannot be loaded"
        error={error}
        retry={() => void refetch()}
      />
    );
  }
  if (subjects?.length === 0) {
    return (
      <EmptyState
        title="No patients yet"
        text="Add the first patient on the command line; it answers with the id that a device needs:"
        commands={[
          'npx ausculta subject add "Rivera, Ana"',
          'npx ausculta device add patch-1 --subject ID',
        ]}
      />
    );
  }
  return (
    <main className={classes.page} aria-label="Patients" aria-busy={subjects === undefined}>
      <div className={`card ${classes.card}`}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Why now</th>
              <th scope="col">Patient</th>
              <th scope="col">Location</th>
              <th scope="col">Devices</th>
              <th scope="col">Last data</th>
            </tr>
          </thead>
          <tbody>{subjects === undefined ? <LoadingRows /> : <Rows subjects={subjects} />}</tbody>
        </table>
      </div>
    </main>
  );
}

interface Row {
  readonly subject: SubjectView;
  readonly alarms: readonly AlarmView[];
  readonly lastMs: number | undefined;
  /** What is to be said when continuous monitoring has stopped. */
  readonly lost: string | undefined;
}

/** Ranked by who needs attention: the highest open alarm, then who is no longer monitored, then by place. */
function Rows({ subjects }: { readonly subjects: readonly SubjectView[] }) {
  const live = useLiveVersion();
  const nowMs = useNow(1_000);
  const { data: stored } = useQuery(openAlarmsQuery);
  const alarms = [
    ...(stored ?? []).filter((alarm) => !live.watches(alarm.subjectId)),
    ...live.store.alarms(),
  ];
  const rows = rankRows({ subjects, alarms, live, nowMs });
  return rows.map((row) => {
    const { subject, alarms, lastMs } = row;
    const [top] = alarms;
    const isWatched = live.watches(subject.id);
    return (
      <tr key={subject.id} data-subject={subject.id}>
        <td className={classes.why} data-label="Why now">
          {top === undefined ? (
            <WithoutAlarm lost={row.lost} />
          ) : (
            <>
              <PriorityMark priority={top.priority} />
              <span>
                <b>{alarmText(top)}</b>
                <br />
                <small>
                  {top.priority}, {detailText(top, nowMs)}
                  {top.episode === 'acknowledged'
                    ? `, ${top.acknowledgedBy ?? 'acknowledged'}`
                    : ', not acknowledged'}
                  {alarms.length > 1 && `, +${alarms.length - 1}`}
                </small>
              </span>
            </>
          )}
        </td>
        <td data-label="Patient">
          <Link to="/patients/$id" params={{ id: subject.id }} className={classes.name}>
            {nameText(subject.identity)}
          </Link>
          <br />
          <small>
            {[ageSexText(subject.identity, nowMs), subject.identity.recordNumber]
              .filter(Boolean)
              .join(' · ')}
          </small>
        </td>
        <td data-label="Location">{locationText(subject.identity)}</td>
        <td data-label="Devices">
          {subject.devices.length === 0 ? 'None' : subject.devices.map(({ id }) => id).join(', ')}
          <br />
          <small>{subject.devices.map(({ model }) => model).join(', ')}</small>
        </td>
        <td data-label="Last data" className={live.state === 'live' ? undefined : classes.quiet}>
          {lastMs === undefined
            ? isWatched
              ? 'None yet'
              : 'Not watched here'
            : ageText(nowMs - lastMs)}
        </td>
      </tr>
    );
  });
}

/** Who never was monitored continuously, at home perhaps, has lost nothing. */
function lostWords(
  live: ReturnType<typeof useLiveVersion>,
  { signalMs, nowMs }: { readonly signalMs: number | undefined; readonly nowMs: number },
): string | undefined {
  if (signalMs === undefined) return undefined;
  return live.state === 'silent' ? NOT_LIVE_TEXT : lostText({ lastMs: signalMs, nowMs });
}

/** Nobody is called calm of whom nothing is known. */
function WithoutAlarm({ lost }: { readonly lost: string | undefined }) {
  if (lost === undefined) return <span className={classes.quiet}>No open alarm</span>;
  return (
    <>
      <Icon name="wifi-off" size={16} />
      <b>{lost}</b>
    </>
  );
}

function rankRows({
  subjects,
  alarms,
  live,
  nowMs,
}: {
  readonly subjects: readonly SubjectView[];
  readonly alarms: readonly AlarmView[];
  readonly live: ReturnType<typeof useLiveVersion>;
  readonly nowMs: number;
}): Row[] {
  const bySubject = Map.groupBy(alarms, (alarm) => alarm.subjectId);
  return subjects
    .map((subject) => {
      const state = live.watches(subject.id) ? live.subject(subject.id) : undefined;
      const readings = [...(state?.latest.values() ?? [])];
      const signalMs = lastSignalMs({ readings, waveforms: state?.rings.values() ?? [] });
      const times = readings.map(({ timeMs }) => timeMs);
      return {
        subject,
        alarms: orderAlarms(bySubject.get(subject.id) ?? []),
        lastMs: times.length === 0 ? undefined : Math.max(...times),
        lost: lostWords(live, { signalMs, nowMs }),
      };
    })
    .sort(compareRows);
}

function compareRows(one: Row, other: Row): number {
  const [first] = one.alarms;
  const [second] = other.alarms;
  if (first !== undefined && second !== undefined) return compareAlarms(first, second);
  if (first !== undefined || second !== undefined) return first === undefined ? 1 : -1;
  const byLoss = Number(one.lost === undefined) - Number(other.lost === undefined);
  return byLoss || byPlace(one.subject, other.subject);
}

function LoadingRows() {
  return Array.from({ length: 8 }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
    <tr key={index}>
      {Array.from({ length: 5 }, (_, cell) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <td key={cell}>
          <div className={`skeleton ${classes.bone}`} />
        </td>
      ))}
    </tr>
  ));
}
