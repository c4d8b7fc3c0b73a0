import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { deviceQuery, subjectsQuery } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
import { ErrorState, MissingState } from '../frame/list-states.tsx';
import { Icon } from '../theme/icon.tsx';
import { bedWords } from './bed-words.ts';
import { DeviceIdentity } from './device-identity.tsx';
import classes from './device-page.module.css';
import { Moves } from './moves.tsx';
import { wearerWords } from './wearer-words.ts';
import { type Span, WearingForm } from './wearing-form.tsx';
import { whoText } from './wearing-plan.ts';
import { WornHistory } from './worn-history.tsx';

export const Route = createLazyRoute('/workspace/devices/$id')({ component: DevicePage });

const NOT_LOADED = {
  title: 'The device cannot be loaded',
  forWhom:
    'Nurses, physicians, biomedical engineers and administrators see the register of devices.',
};

function DevicePage() {
  const { id } = useParams({ from: '/workspace/devices/$id' });
  const { data: device, error, refetch } = useQuery(deviceQuery(id));
  const { data: subjects } = useQuery(subjectsQuery);
  if (error instanceof RequestRefused && error.status === 404) {
    return (
      <MissingState title="There is no such device" text="None of this id, or none of yours.">
        <Link to="/devices">All devices</Link>
      </MissingState>
    );
  }
  if (device === undefined && error !== null) {
    const retry = () => void refetch();
    return <ErrorState {...NOT_LOADED} error={error} retry={retry} />;
  }
  if (device === undefined || subjects === undefined) {
    return <main className={classes.page} aria-busy="true" />;
  }
  return <Present key={device.id} device={device} subjects={subjects} />;
}

interface PresentProps {
  readonly device: DeviceView;
  readonly subjects: readonly SubjectView[];
}

function Present({ device, subjects }: PresentProps) {
  // A span of the history that somebody wants to correct.
  const [span, setSpan] = useState<Span>();
  const may = useMay();
  const wearer = subjects.find((subject) => subject.id === device.wornBy);
  const atBed = bedWords(device, subjects);
  return (
    <main className={classes.page}>
      <header className={classes.header}>
        <h1>{device.id}</h1>
        <p>
          {device.model}
          {device.isDisabled && ', out of use'}
        </p>
        <p className={classes.wearer}>
          {device.wornBy === null ? (
            wearerWords(device, subjects)
          ) : (
            <>
              Worn by{' '}
              {wearer === undefined ? (
                whoText(device.wornBy, subjects)
              ) : (
                <Link to="/patients/$id" params={{ id: wearer.id }}>
                  {whoText(wearer.id, subjects)}
                </Link>
              )}
            </>
          )}
        </p>
      </header>
      <div className={classes.body}>
        {atBed !== undefined && (
          <p className={`card ${classes.notice}`} role="note">
            <Icon name="triangle-alert" size={20} />
            {atBed}
          </p>
        )}
        {may('search identity') && (
          <>
            <section className={`card ${classes.part}`} aria-label="Who wore it when">
              <h2>Who wore it when</h2>
              <WornHistory device={device} subjects={subjects} correct={setSpan} />
              <Moves moves={device.reattributions} subjects={subjects} />
            </section>
            <section className={`card ${classes.part}`} aria-label="Say who wears it">
              <h2>Say who wears it</h2>
              <WearingForm
                key={span === undefined ? 'new' : `${span.fromMs} ${span.untilMs}`}
                device={device}
                subjects={subjects}
                span={span}
              />
            </section>
          </>
        )}
        {may('administer devices') && <DeviceIdentity device={device} subjects={subjects} />}
      </div>
    </main>
  );
}
