import type { SubjectView } from '@ausculta/contract/subjects';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { AppLinks } from '../apps/app-links.tsx';
import { useNow, useSubjectLive } from '../live/live-context.tsx';
import { absenceText } from '../patients/presence.ts';
import { lowestBattery } from '../vitals/battery.ts';
import { ageSexWords, locationText, nameText, PACED_TEXT } from '../vitals/identity-text.ts';
import { ageText } from '../vitals/number-text.ts';
import { MergedNotice } from './merged-notice.tsx';
import { MovedReadings } from './moved-readings.tsx';
import classes from './patient-header.module.css';

const BORN = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** No limits and no score before it is known (safety S18). */
const CATEGORY_TEXT: Record<SubjectView['category'], string> = {
  adult: 'Adult',
  child: 'Child: no limits are set',
  neonate: 'Neonate: no limits are set',
  maternity: 'Maternity: no limits are set',
  unknown: 'Not known: no limits are set',
};

/** Name, age, sex, record number and place: on every screen of a patient, never cut. */
export function PatientHeader({
  subject,
  into,
}: {
  readonly subject: SubjectView;
  readonly into: SubjectView | undefined;
}) {
  const nowMs = useNow(10_000);
  const { identity } = subject;
  const { latest } = useSubjectLive(subject.id);
  const devices = subject.devices.map(({ id }) => id);
  const battery = lowestBattery(latest.values(), { devices, nowMs });
  return (
    <header className={classes.header}>
      <div className={classes.name}>
        <h1>{nameText(identity)}</h1>
        <p>
          <span className={classes.place}>
            {identity.recordNumber} · {absenceText(subject) ?? locationText(identity)} ·{' '}
          </span>
          {ageSexWords(identity, nowMs)}
          {identity.birthDate !== undefined && `, born ${bornText(identity.birthDate)}`}
          {identity.invented === true && ', invented person'}
        </p>
      </div>
      <dl className={classes.facts}>
        <Fact name="Record number" value={identity.recordNumber} />
        <Fact name="Location" value={absenceText(subject) ?? locationText(identity)} />
        <Fact name="Pacemaker" value={PACED_TEXT[subject.paced].long} />
        <Fact name="Category" value={CATEGORY_TEXT[subject.category]} />
        <Fact
          name={subject.devices.length === 1 ? 'Device' : 'Devices'}
          value={subject.devices.length === 0 ? 'None' : <DeviceLinks devices={subject.devices} />}
        />
        {battery !== undefined && (
          <Fact
            name="Battery"
            value={`${Math.round(battery.percent)} %, ${ageText(battery.ageMs)}`}
          />
        )}
      </dl>
      {subject.kind === 'patient' && <AppLinks subjectId={subject.id} />}
      <UnknownNotice subject={subject} />
      {into !== undefined && <MergedNotice into={into} />}
      <MovedReadings moved={subject.readingsMoved} />
    </header>
  );
}

/** An unknown patient is named by saying who wears the device (safety S17). */
function UnknownNotice({ subject: { kind, devices } }: { readonly subject: SubjectView }) {
  const [device] = devices;
  if (kind !== 'bed' || device === undefined) return null;
  return (
    <p className={classes.moved} role="note" data-testid="unknown">
      Nobody has said yet who this is.{' '}
      <Link to="/devices/$id" params={{ id: device.id }}>
        Say who wears {device.id}
      </Link>
    </p>
  );
}

function DeviceLinks({ devices }: Pick<SubjectView, 'devices'>) {
  return devices.map(({ id }) => (
    <Link key={id} to="/devices/$id" params={{ id }} className={classes.device}>
      {id}
    </Link>
  ));
}

function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A year alone stays a year. */
function bornText(birthDate: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(birthDate) ? BORN.format(new Date(birthDate)) : birthDate;
}
