import type { CertificateView, DeviceIdentityView } from '@ausculta/contract/device-identity';
import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { identityQuery } from '../api/device-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import classes from './device-identity.module.css';
import page from './device-page.module.css';
import { EnrolPanel } from './enrol-panel.tsx';
import { certificateState, eventWords } from './identity-words.ts';
import { RevokeForm } from './revoke-form.tsx';

interface DeviceIdentityProps {
  readonly device: DeviceView;
  readonly subjects: readonly SubjectView[];
}

const EVENTS_SHOWN = 8;

/** By what it proves itself, for whoever answers for the devices. */
export function DeviceIdentity({ device, subjects }: DeviceIdentityProps) {
  const { data: identity, error, refetch } = useQuery(identityQuery(device.id));
  const [isEnrolling, setEnrolling] = useState(false);
  if (isEnrolling) {
    return (
      <EnrolPanel
        devices={[device]}
        subjects={subjects}
        deviceId={device.id}
        close={() => setEnrolling(false)}
      />
    );
  }
  return (
    <section className={`card ${page.part}`} aria-label="Certificates">
      <h2>Certificates</h2>
      {identity === undefined && error !== null && (
        <ErrorState
          title="The certificates cannot be loaded"
          error={error}
          retry={() => void refetch()}
          forWhom="Biomedical engineers and administrators keep the identity of devices."
        />
      )}
      {identity === undefined && error === null && <div className={`skeleton ${classes.bone}`} />}
      {identity !== undefined && (
        <>
          <Certificates identity={identity} device={device} subjects={subjects} />
          {identity.claimUntil !== null && (
            <p className={page.told}>
              A claim code is open until {momentWords(Date.parse(identity.claimUntil))}.
            </p>
          )}
          {!device.isDisabled && (
            <div>
              <Button
                variant={identity.certificates.length === 0 ? 'filled' : 'default'}
                onClick={() => setEnrolling(true)}
              >
                Make a claim code
              </Button>
            </div>
          )}
          <Events identity={identity} />
        </>
      )}
    </section>
  );
}

interface CertificatesProps extends DeviceIdentityProps {
  readonly identity: DeviceIdentityView;
}

function Certificates({ identity, device, subjects }: CertificatesProps) {
  const [revoking, setRevoking] = useState<string>();
  if (identity.certificates.length === 0) {
    return <p className={page.quiet}>It has none: it comes by its token, or not at all.</p>;
  }
  return (
    <ul className={classes.list}>
      {identity.certificates.toReversed().map((one) => (
        <li key={one.serial} data-testid="certificate">
          <Certificate one={one} />
          {one.revoked === null && revoking !== one.serial && (
            <Button variant="default" onClick={() => setRevoking(one.serial)}>
              Revoke<span className="visually-hidden"> the certificate {shortOf(one)}</span>
            </Button>
          )}
          {revoking === one.serial && (
            <RevokeForm
              certificate={one}
              device={device}
              subjects={subjects}
              isLast={identity.certificates.filter(({ revoked }) => revoked === null).length === 1}
              close={() => setRevoking(undefined)}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

const shortOf = ({ serial }: CertificateView): string => `…${serial.slice(-8)}`;

function Certificate({ one }: { readonly one: CertificateView }) {
  const nowMs = useNow(60_000);
  const { kind, words } = certificateState(one, { nowMs, moment: momentWords });
  return (
    <div className={classes.certificate} data-kind={kind}>
      <Icon name={ICONS[kind]} size={20} />
      <div>
        <b>{words}</b>
        <br />
        <small>
          {one.madeBy === 'claim' ? 'By a claim code' : 'Renewed'}{' '}
          {momentWords(Date.parse(one.from))}, until {momentWords(Date.parse(one.until))} · serial{' '}
          {shortOf(one)}
        </small>
      </div>
    </div>
  );
}

const ICONS = {
  good: 'circle-check',
  'to-renew': 'triangle-alert',
  expired: 'circle-x',
  revoked: 'circle-x',
} as const;

function Events({ identity: { events } }: { readonly identity: DeviceIdentityView }) {
  if (events.length === 0) return null;
  return (
    <>
      <h3>What happened</h3>
      <ul className={classes.events}>
        {events.slice(0, EVENTS_SHOWN).map((event) => (
          <li key={`${event.at} ${event.act}`}>
            <span>{eventWords(event)}</span>
            <small>
              {momentWords(Date.parse(event.at))}
              {event.door !== null && `, by ${event.door.toUpperCase()}`}
            </small>
          </li>
        ))}
      </ul>
    </>
  );
}
