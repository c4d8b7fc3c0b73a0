import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { renderSVG } from 'uqr';
import { identityQuery } from '../api/device-queries.ts';
import { devicesQuery } from '../api/queries.ts';
import { CopyButton } from '../frame/copy-button.tsx';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import { durationText } from '../vitals/number-text.ts';
import { claimState, claimUri, estUrl, type OpenClaim, refusedSince } from './claim.ts';
import classes from './enrol-panel.module.css';
import { eventWords } from './identity-words.ts';

interface ClaimShownProps {
  readonly claim: OpenClaim;
  readonly again: () => void;
}

/** Turns to "enrolled" by itself, once the device has its certificate. */
export function ClaimShown({ claim, again }: ClaimShownProps) {
  const { device } = claim.made;
  const client = useQueryClient();
  const nowMs = useNow(1_000);
  const { data: identity } = useQuery(identityQuery(device, true));
  const state = claimState(claim, identity, nowMs);
  useEffect(() => {
    if (state === 'enrolled') void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
  }, [state, client]);
  if (state === 'enrolled') {
    return (
      <div className={classes.form} role="status">
        <p className={classes.done}>
          <Icon name="circle-check" size={28} />
          <span>
            <b>{device} is enrolled.</b> It has its own certificate, and the code opens nothing any
            more.
          </span>
        </p>
        <Link to="/devices/$id" params={{ id: device }} className={classes.link}>
          Say who wears {device}
        </Link>
      </div>
    );
  }
  if (state !== 'waiting') {
    return (
      <div className={classes.form} role="status">
        <p>
          {state === 'over'
            ? 'The time of this code is over: it opens nothing any more.'
            : 'Somebody has made another code for this device. This one opens nothing any more.'}
        </p>
        <Button onClick={again}>Make a new code</Button>
      </div>
    );
  }
  const refused = refusedSince(identity, claim.madeAtMs);
  return (
    <div className={classes.form}>
      {claim.made.isWorn && (
        <p className={classes.told} role="status">
          <b>Somebody wears {device}.</b> Hand the code to nobody but whoever stands at it.
        </p>
      )}
      <Code claim={claim} leftMs={Date.parse(claim.made.until) - nowMs} />
      <Ways claim={claim} />
      <p className={classes.waiting} role="status">
        {refused.length === 0
          ? `Waiting for ${device}. This turns by itself when it has come.`
          : refused.map(({ at, because }) => (
              <span key={at}>
                <b>Refused at {momentWords(Date.parse(at))}:</b>{' '}
                {eventWords({ act: 'device-refused', because })}
              </span>
            ))}
      </p>
    </div>
  );
}

function Code({ claim: { made }, leftMs }: { readonly claim: OpenClaim; readonly leftMs: number }) {
  const uri = claimUri(made, window.location.origin);
  const picture = `data:image/svg+xml,${encodeURIComponent(renderSVG(uri, { border: 2 }))}`;
  return (
    <div className={classes.code}>
      <img className={classes.picture} src={picture} alt="The code and its address, as a QR code" />
      <div>
        <p>
          <b>Shown only now.</b> It opens once, for {made.device} alone.
        </p>
        <p className={classes.text} data-testid="claim-code">
          {made.code.split('-').map((group, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups of one code, which never change
            <span key={at}>{group}</span>
          ))}
        </p>
        <p className={classes.left}>
          <CopyButton text={made.code} what="the claim code" />
          <span>
            {durationText(leftMs)} left, until {momentWords(Date.parse(made.until))}
          </span>
        </p>
      </div>
    </div>
  );
}

/** For whoever stands at the device. */
function Ways({ claim: { made } }: { readonly claim: OpenClaim }) {
  const { origin, protocol, hostname } = window.location;
  const isPlain = protocol !== 'https:' && hostname !== 'localhost';
  const topic = `devices/${made.device}/enrolment`;
  return (
    <>
      {isPlain && (
        <p className={classes.told}>
          This page came without TLS. A device elsewhere is refused until the server has a
          certificate of its own.
        </p>
      )}
      <dl className={classes.ways}>
        <div>
          <dt>The device scans it, or is told the code</dt>
          <dd>Its key is made on it and never leaves it.</dd>
        </div>
        <div>
          <dt>By EST: user name {made.device}, password the code</dt>
          <dd className={classes.way}>
            <code>{estUrl(origin)}</code>
            <CopyButton text={estUrl(origin)} what="the address of EST" />
          </dd>
        </div>
        <div>
          <dt>By MQTT: user name {made.device}, password the code; the request goes to</dt>
          <dd className={classes.way}>
            <code>{topic}</code>
            <CopyButton text={topic} what="the topic" />
          </dd>
          <dd>
            and the certificate comes on <code>devices/{made.device}/certificate</code>.
          </dd>
        </div>
      </dl>
    </>
  );
}
