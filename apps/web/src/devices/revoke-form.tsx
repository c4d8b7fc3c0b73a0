import type { CertificateView } from '@ausculta/contract/device-identity';
import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { Button, Checkbox, Radio } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { identityQuery, revokeCertificate } from '../api/device-queries.ts';
import { deviceQuery } from '../api/queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { Icon } from '../theme/icon.tsx';
import page from './device-page.module.css';
import { whoText } from './wearing-plan.ts';

interface RevokeFormProps {
  readonly certificate: CertificateView;
  readonly device: DeviceView;
  readonly subjects: readonly SubjectView[];
  /** No other certificate of it is good. */
  readonly isLast: boolean;
  readonly close: () => void;
}

/** Who loses monitoring stands there before it is done, and has to be seen (safety S27). */
export function RevokeForm({ certificate, device, subjects, isLast, close }: RevokeFormProps) {
  const client = useQueryClient();
  const act = useAct();
  const [because, setBecause] = useState<string>();
  const [isSeen, setSeen] = useState(false);
  const { id, isWorn, wornBy } = device;

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (because !== 'compromised' && because !== 'withdrawn') return;
    void act
      .run(async () => {
        const { queryKey } = identityQuery(id);
        const view = await revokeCertificate(id, certificate.serial, { because, wornBy });
        client.setQueryData(queryKey, view);
      })
      .then((isDone) => {
        if (isDone) close();
        else void client.invalidateQueries({ queryKey: deviceQuery(id).queryKey });
      });
  }

  if (isWorn && wornBy === null) return <WearerNotShown id={id} close={close} />;
  return (
    <form className={page.form} aria-label="Revoke a certificate" onSubmit={onSubmit}>
      <Radio.Group label="Why" value={because ?? ''} onChange={setBecause}>
        <Radio value="compromised" label="Somebody else may have its key" />
        <Radio value="withdrawn" label="It is not needed any more" />
      </Radio.Group>
      <div className={page.told}>
        <p>From now on it opens nothing. A connection that it opened is closed at once.</p>
        {isLast && <p>{id} has no other: it comes by its token, or by a new claim code.</p>}
      </div>
      {wornBy !== null && (
        <div className={page.loss}>
          <Icon name="triangle-alert" size={20} />
          <Checkbox
            label={`${whoText(wornBy, subjects)} wears ${id} and may be monitored by nothing then. I have seen it.`}
            checked={isSeen}
            onChange={(event) => setSeen(event.currentTarget.checked)}
          />
        </div>
      )}
      <Button
        type="submit"
        loading={act.isBusy}
        disabled={because === undefined || (wornBy !== null && !isSeen)}
      >
        Revoke this certificate
      </Button>
      <Button variant="default" onClick={close}>
        Keep it
      </Button>
      <ProblemNote problem={act.problem} />
    </form>
  );
}

function WearerNotShown({ id, close }: { readonly id: string; readonly close: () => void }) {
  return (
    <div className={page.told}>
      <p>
        <b>Somebody wears {id} whom your role does not show.</b> Have a nurse or physician of the
        ward give them another device, or take this one off; then revoke its certificate.
      </p>
      <div>
        <Button variant="default" onClick={close}>
          Close
        </Button>
      </div>
    </div>
  );
}
