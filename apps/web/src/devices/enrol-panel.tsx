import type { DeviceSummary } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { parseDeviceId } from '@ausculta/vitals/identity';
import { Autocomplete, Button, NativeSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { identityQuery, makeClaim, registerDevice } from '../api/device-queries.ts';
import { devicesQuery } from '../api/queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import type { OpenClaim } from './claim.ts';
import { ClaimShown } from './claim-shown.tsx';
import classes from './enrol-panel.module.css';
import { wearerWords } from './wearer-words.ts';

const LIVES = [
  { value: '1', label: 'One hour' },
  { value: '24', label: 'One day' },
  { value: '168', label: 'One week' },
];

interface EnrolPanelProps {
  readonly devices: readonly DeviceSummary[];
  readonly subjects: readonly SubjectView[];
  /** Undefined: whichever is named. */
  readonly deviceId?: string;
  readonly close: () => void;
}

/** A device comes to its certificate: a code that opens once, as text and as a picture. */
export function EnrolPanel({ close, ...known }: EnrolPanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [claim, setClaim] = useState<OpenClaim>();
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className={`card ${classes.panel}`} aria-label="Enrol a device">
      <div className={classes.head}>
        <h2 ref={heading} tabIndex={-1}>
          {claim === undefined ? 'Enrol a device' : `Enrol ${claim.made.device}`}
        </h2>
        <Button size="compact-sm" variant="default" onClick={close}>
          Close
        </Button>
      </div>
      {claim === undefined ? (
        <EnrolForm {...known} onMade={setClaim} />
      ) : (
        <ClaimShown key={claim.made.code} claim={claim} again={() => setClaim(undefined)} />
      )}
    </section>
  );
}

interface EnrolFormProps extends Omit<EnrolPanelProps, 'close'> {
  readonly onMade: (claim: OpenClaim) => void;
}

function EnrolForm({ devices, subjects, deviceId, onMade }: EnrolFormProps) {
  const [id, setId] = useState(deviceId ?? '');
  const [hours, setHours] = useState('24');
  const [model, setModel] = useState('');
  const { claim, isBusy, problem } = useClaim(onMade);
  const isName = parseDeviceId(id.trim()) !== undefined;
  const known = devices.find((one) => one.id === id.trim());

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    claim({ id: id.trim(), isKnown: known !== undefined, model: model.trim(), hours });
  }

  return (
    <form className={classes.form} aria-label="A claim code" onSubmit={onSubmit}>
      {deviceId === undefined && (
        <Autocomplete
          label="Device"
          description="As it is called in the register, or a new name"
          data={devices.filter(({ isDisabled }) => !isDisabled).map((one) => one.id)}
          value={id}
          onChange={setId}
          limit={8}
          required
          error={id !== '' && !isName && '2 to 64 letters, digits, and . _ : -'}
        />
      )}
      {known === undefined && isName && (
        <TextInput
          label="Model"
          description="It is not in the register yet, and is added to it"
          maxLength={100}
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
        />
      )}
      {known?.isWorn === true && (
        <p className={classes.told} role="status">
          {wearerWords(known, subjects)} When the device comes with the new code, its certificates
          so far open nothing any more.
        </p>
      )}
      <NativeSelect
        label="The code opens for"
        data={LIVES}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
      <Button type="submit" loading={isBusy} disabled={!isName}>
        Make a claim code
      </Button>
      <ProblemNote problem={problem} />
    </form>
  );
}

interface Wanted {
  readonly id: string;
  readonly isKnown: boolean;
  readonly model: string;
  readonly hours: string;
}

function useClaim(onMade: (claim: OpenClaim) => void) {
  const client = useQueryClient();
  const { run, isBusy, problem } = useAct();
  const claim = ({ id, isKnown, model, hours }: Wanted) =>
    void run(async () => {
      if (!isKnown) {
        await registerDevice({ id, ...(model !== '' && { model }) });
        void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
      }
      const { certificates } = await client.fetchQuery({ ...identityQuery(id), staleTime: 0 });
      const before = certificates.map(({ serial }) => serial);
      onMade({ made: await makeClaim(id, Number(hours)), madeAtMs: Date.now(), before });
    });
  return { claim, isBusy, problem };
}
