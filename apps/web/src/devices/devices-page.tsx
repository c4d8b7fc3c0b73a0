import type { DeviceSummary } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { devicesQuery, subjectsQuery } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import list from '../frame/list-page.module.css';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { lastDataText } from '../patients/last-data.ts';
import { absenceText } from '../patients/presence.ts';
import { locationText, nameText } from '../vitals/identity-text.ts';
import { listDevices } from './device-list.ts';
import classes from './devices-page.module.css';
import { EnrolPanel } from './enrol-panel.tsx';

export const Route = createLazyRoute('/workspace/devices')({ component: DevicesPage });

const NOT_LOADED = {
  title: 'The devices cannot be loaded',
  forWhom:
    'Nurses, physicians, biomedical engineers and administrators see the register of devices.',
};
const FIRST_DEVICE_COMMANDS = ['npx ausculta device add patch-1 --subject ID'];

function DevicesPage() {
  const { data: devices, error, refetch } = useQuery(devicesQuery);
  const { data: subjects } = useQuery(subjectsQuery);
  const may = useMay();
  const [wanted, setWanted] = useState('');
  const [isEnrolling, setEnrolling] = useState(false);
  if (devices === undefined && error !== null) {
    const retry = () => void refetch();
    return <ErrorState {...NOT_LOADED} error={error} retry={retry} />;
  }
  if (devices?.length === 0 && !isEnrolling) {
    const text = 'A device is added with a patient, on the command line; it answers with a token:';
    return (
      <main className={list.page} aria-label="Devices">
        <EmptyState title="No devices yet" text={text} commands={FIRST_DEVICE_COMMANDS} />
        {may('administer devices') && <EnrolButton open={() => setEnrolling(true)} />}
      </main>
    );
  }
  const rows = devices && subjects && listDevices({ devices, subjects, wanted });
  return (
    <main className={list.page} aria-label="Devices" aria-busy={rows === undefined}>
      {isEnrolling && devices && subjects && (
        <div className={classes.enrol}>
          <EnrolPanel devices={devices} subjects={subjects} close={() => setEnrolling(false)} />
        </div>
      )}
      <div className={`card ${list.card}`}>
        <div className={classes.tools}>
          <TextInput
            className={classes.search}
            aria-label="Find a device"
            placeholder="Device, patient, record number or bed"
            type="search"
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
          {may('administer devices') && !isEnrolling && (
            <EnrolButton open={() => setEnrolling(true)} />
          )}
        </div>
        <table className={`${list.table} ${classes.table}`}>
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col" className={classes.wearer}>
                Worn by
              </th>
              <th scope="col">Since</th>
              <th scope="col">Last data</th>
            </tr>
          </thead>
          <tbody>
            {rows?.map(({ device, wearer }) => (
              <DeviceRow key={device.id} device={device} wearer={wearer} />
            ))}
          </tbody>
        </table>
        {rows?.length === 0 && (
          <p className={classes.none}>No device or patient has “{wanted}” in its name.</p>
        )}
      </div>
    </main>
  );
}

function EnrolButton({ open }: { readonly open: () => void }) {
  return (
    <Button className={classes.add} onClick={open}>
      Enrol a device
    </Button>
  );
}

interface DeviceRowProps {
  readonly device: DeviceSummary;
  readonly wearer: SubjectView | undefined;
}

function DeviceRow({ device, wearer }: DeviceRowProps) {
  const { id, model, wornSince, isDisabled } = device;
  return (
    <tr>
      <td data-label="Device">
        <Link to="/devices/$id" params={{ id }} className={list.name}>
          {id}
        </Link>
        <br />
        <small>{isDisabled ? `${model}, out of use` : model}</small>
      </td>
      <td data-label="Worn by">
        <Wearer device={device} wearer={wearer} />
      </td>
      <td data-label="Since">{wornSince === null ? '' : momentWords(Date.parse(wornSince))}</td>
      <td data-label="Last data">{wearer && <LastData device={id} subjectId={wearer.id} />}</td>
    </tr>
  );
}

function Wearer({ device, wearer }: DeviceRowProps) {
  if (!device.isWorn) return <span className={list.quiet}>Nobody</span>;
  if (device.wornBy === null) return <span className={list.quiet}>Not shown to your role</span>;
  if (wearer === undefined) return <span className={list.quiet}>A record of another kind</span>;
  const { identity } = wearer;
  return (
    <>
      {nameText(identity)}
      <br />
      <small>
        {identity.recordNumber} · {absenceText(wearer) ?? locationText(identity)}
      </small>
    </>
  );
}

function LastData({ device, subjectId }: { readonly device: string; readonly subjectId: string }) {
  const live = useLiveVersion();
  const nowMs = useNow(1_000);
  const isWatched = live.watches(subjectId);
  const readings = isWatched ? [...live.subject(subjectId).latest.values()] : [];
  const times = readings.filter((one) => one.device === device).map(({ timeMs }) => timeMs);
  const lastMs = times.length === 0 ? undefined : Math.max(...times);
  return (
    <span className={live.state === 'live' ? undefined : list.quiet}>
      {lastDataText({ lastMs, isWatched, nowMs })}
    </span>
  );
}
