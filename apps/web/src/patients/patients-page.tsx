import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { compareAlarms, orderAlarms } from '../alarms/alarm-order.ts';
import { alarmText, detailText } from '../alarms/alarm-text.ts';
import { answerText } from '../alarms/answer-words.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { openAlarmsQuery } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import list from '../frame/list-page.module.css';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { Icon } from '../theme/icon.tsx';
import { lastSignalMs, lostText, NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { ageSexText, locationText, nameText } from '../vitals/identity-text.ts';
import { FindPatient } from './find-patient.tsx';
import { lastDataText } from './last-data.ts';
import classes from './patients-page.module.css';
import { absenceText, byPresence, isHere, isPerson, unmonitoredText } from './presence.ts';
import { RefusedAdmissions } from './refused-admissions.tsx';
import { usePatients } from './use-patients.tsx';

export const Route = createLazyRoute('/workspace/patients')({ component: PatientsPage });

const NOBODY_YET = {
  title: 'No patient is on your list',
  text: 'You are on no care team and on no shift where somebody lies, or nobody is here yet. The first patient is added on the command line, which answers with the id that a device needs:',
};

function PatientsPage() {
  const may = useMay();
  const { subjects, instead } = usePatients(NOBODY_YET);
  return (
    <main
      className={list.page}
      aria-label="Patients"
      aria-busy={subjects === undefined && instead === undefined}
    >
      {instead ?? <PatientList subjects={subjects} />}
      {may('search identity') && <FindPatient />}
    </main>
  );
}

function PatientList({ subjects }: { readonly subjects: readonly SubjectView[] | undefined }) {
  return (
    <>
      <RefusedAdmissions />
      <div className={`card ${list.card}`}>
        <table className={`${list.table} ${classes.table}`}>
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
    </>
  );
}

type Live = ReturnType<typeof useLiveVersion>;

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
  return rows.map((row) => <PatientRow key={row.subject.id} row={row} live={live} nowMs={nowMs} />);
}

interface PatientRowProps {
  readonly row: Row;
  readonly live: Live;
  readonly nowMs: number;
}

function PatientRow({ row, live, nowMs }: PatientRowProps) {
  const { id, identity, devices } = row.subject;
  return (
    <tr data-subject={id}>
      <td className={classes.why} data-label="Why now">
        <WhyNow row={row} nowMs={nowMs} />
      </td>
      <td data-label="Patient">
        <Link to="/patients/$id" params={{ id }} className={list.name}>
          {nameText(identity)}
        </Link>
        <br />
        <small>
          {[ageSexText(identity, nowMs), identity.recordNumber].filter(Boolean).join(' · ')}
        </small>
      </td>
      <td data-label="Location">{absenceText(row.subject) ?? locationText(identity)}</td>
      <td data-label="Devices">
        {devices.length === 0 ? 'None' : devices.map((device) => device.id).join(', ')}
        <br />
        <small>{devices.map(({ model }) => model).join(', ')}</small>
      </td>
      <td data-label="Last data" className={live.state === 'live' ? undefined : list.quiet}>
        {lastDataText({ lastMs: row.lastMs, isWatched: live.watches(id), nowMs })}
      </td>
    </tr>
  );
}

function WhyNow({ row, nowMs }: { readonly row: Row; readonly nowMs: number }) {
  const [top, ...others] = row.alarms;
  if (top === undefined) return <WithoutAlarm row={row} />;
  return (
    <>
      <PriorityMark priority={top.priority} />
      <span>
        <b>{alarmText(top)}</b>
        <br />
        <small>
          {top.priority}, {detailText(top, nowMs)}
          {`, ${answerText(top) ?? 'not acknowledged'}`}
          {others.length > 0 && `, +${others.length}`}
        </small>
      </span>
    </>
  );
}

/** Who never was monitored continuously, at home perhaps, has lost nothing; nor has who has left. */
function lostWords(
  live: Live,
  now: {
    readonly subject: SubjectView;
    readonly signalMs: number | undefined;
    readonly nowMs: number;
  },
): string | undefined {
  const { subject, signalMs, nowMs } = now;
  if (signalMs === undefined || !isHere(subject)) return undefined;
  return live.state === 'silent' ? NOT_LIVE_TEXT : lostText({ lastMs: signalMs, nowMs });
}

/** Nobody is called calm of whom nothing is known. */
function WithoutAlarm({ row: { subject, lost } }: { readonly row: Row }) {
  if (lost === undefined)
    return <span className={list.quiet}>{unmonitoredText(subject) ?? 'No open alarm'}</span>;
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
  readonly live: Live;
  readonly nowMs: number;
}): Row[] {
  const bySubject = Map.groupBy(alarms, (alarm) => alarm.subjectId);
  return subjects
    .map((subject) => {
      const state = live.watches(subject.id) ? live.subject(subject.id) : undefined;
      const readings = [...(state?.latest.values() ?? [])];
      const signalMs = lastSignalMs({ readings, waveforms: state?.rings.values() ?? [], nowMs });
      const times = readings.map(({ timeMs }) => timeMs);
      return {
        subject,
        alarms: orderAlarms(bySubject.get(subject.id) ?? []),
        lastMs: times.length === 0 ? undefined : Math.max(...times),
        lost: lostWords(live, { subject, signalMs, nowMs }),
      };
    })
    .filter(({ subject, alarms: open }) => isPerson(subject) || open.length > 0)
    .sort(compareRows);
}

function compareRows(one: Row, other: Row): number {
  const [first] = one.alarms;
  const [second] = other.alarms;
  if (first !== undefined && second !== undefined) return compareAlarms(first, second);
  if (first !== undefined || second !== undefined) return first === undefined ? 1 : -1;
  const byLoss = Number(one.lost === undefined) - Number(other.lost === undefined);
  return byLoss || byPresence(one.subject, other.subject);
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
