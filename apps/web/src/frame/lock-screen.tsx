import type { Session } from '@ausculta/contract/session';
import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ProofForm } from '../account/proof-form.tsx';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { countByPriority } from '../alarms/alarm-order.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { forgetSession, sessionQuery, signOut } from '../api/queries.ts';
import { useLiveState } from '../live/live-context.tsx';
import { Icon } from '../theme/icon.tsx';
import classes from './lock-screen.module.css';

/** Nobody's data, and no act in the name of who left; alarms are counted and sounded all the same. */
export function LockScreen({ session }: { readonly session: Session }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const state = useLiveState();
  const { alarms, ability, enableSound } = useAlarmDesk();
  const counts = countByPriority(alarms);

  function unlock(): void {
    queryClient.setQueryData(sessionQuery.queryKey, (before) =>
      before ? { ...before, isLocked: false } : before,
    );
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
          ALARM_PRIORITIES.toReversed().map((priority) => (
            <span key={priority} className={classes.count} data-priority={priority}>
              {counts[priority] > 0 && <PriorityMark priority={priority} />}
              <b>{counts[priority]}</b> {priority}
            </span>
          ))
        ) : (
          <b role="alert">No connection: no alarms are shown or sounded here.</b>
        )}
      </section>
      <div className={`card ${classes.card}`}>
        <h1>
          <Icon name="lock" size={20} /> Locked
        </h1>
        <p>
          {session.displayName} is signed in. Alarms go on being counted; unlock the screen to see
          whose they are.
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
