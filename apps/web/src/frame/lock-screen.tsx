import type { Session } from '@ausculta/contract/session';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ProofForm } from '../account/proof-form.tsx';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { forgetSession, sessionQuery, signOut } from '../api/queries.ts';
import { useLiveState } from '../live/live-context.tsx';
import { Icon } from '../theme/icon.tsx';
import { ConnectionState } from './connection-state.tsx';
import classes from './lock-screen.module.css';
import { LockedAlarms } from './locked-alarms.tsx';

/** Nobody's name, and no act in the name of who left; alarms are heard, and beds shown, all the same. */
export function LockScreen({ session }: { readonly session: Session }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const state = useLiveState();
  const { alarms, ability, enableSound, isDegraded } = useAlarmDesk();

  function unlock(): void {
    queryClient.setQueryData(sessionQuery.queryKey, (before) =>
      before ? { ...before, isLocked: false } : before,
    );
    // Until now there were beds alone.
    void queryClient.invalidateQueries();
  }

  async function leave(): Promise<void> {
    await signOut();
    await navigate({ to: '/sign-in', replace: true });
    forgetSession(queryClient);
  }

  return (
    <main className={classes.page} aria-label="Locked">
      <section className={classes.alarms} aria-label="Open alarms" data-testid="locked-alarms">
        {state === 'live' ? (
          <LockedAlarms alarms={alarms} />
        ) : (
          <b role="alert">No connection: no alarms are shown or sounded here.</b>
        )}
        {isDegraded && <ConnectionState />}
      </section>
      <div className={`card ${classes.card}`}>
        <h1>
          <Icon name="lock" size={20} /> Locked
        </h1>
        <p>
          {session.displayName} is signed in. Alarms go on; unlock the screen to see whose they are
          and to answer them.
        </p>
        {ability !== 'able' && (
          <div className={classes.silent} role="alert">
            <b>No sound comes from this screen.</b>
            <Button size="compact-sm" variant="default" onClick={enableSound}>
              Turn sound on
            </Button>
          </div>
        )}
        <ProofForm label="Unlock" action="Unlock" onProved={unlock} />
        <Button variant="subtle" onClick={() => void leave()}>
          Sign out, for somebody else
        </Button>
      </div>
    </main>
  );
}
