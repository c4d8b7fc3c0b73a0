import { SUBSCRIBED_SUBJECTS_MAX } from '@ausculta/contract/live';
import type { Session } from '@ausculta/contract/session';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { EmergencyBanner } from '../access/emergency-banner.tsx';
import { AlarmDeskProvider } from '../alarms/alarm-desk.tsx';
import { sessionQuery, subjectsQuery } from '../api/queries.ts';
import { useIsWall } from '../api/use-wall.ts';
import { WaitingNotice } from '../audit/waiting-notice.tsx';
import { LiveProvider, useLive } from '../live/live-context.tsx';
import { byPresence } from '../patients/presence.ts';
import { RefusedAdmissionsNotice } from '../patients/refused-admissions.tsx';
import { WaveWallProvider } from '../wave/wave-canvas.tsx';
import { BarPanels } from './bar-panel.tsx';
import { LockScreen } from './lock-screen.tsx';
import { PersonPanel } from './person-panel.tsx';
import { Rail } from './rail.tsx';
import { AboutPanel, SafetyNotice } from './safety-notice.tsx';
import { SoundPanel } from './sound-control.tsx';
import { TopBar } from './top-bar.tsx';
import { useIdleLock } from './use-idle-lock.ts';
import classes from './workspace-frame.module.css';

export const Route = createLazyRoute('/workspace')({ component: WorkspaceFrame });

function WorkspaceFrame() {
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    if (session !== null || path === '/sign-in') return;
    void navigate({ to: '/sign-in', search: { next: path, ended: true }, replace: true });
  }, [session, navigate, path]);
  useIdleLock(session);
  if (!session) return null;
  return (
    <LiveProvider>
      <AlarmDeskProvider isLocked={session.isLocked}>
        <WaveWallProvider>
          <WatchedPatients />
          {session.isLocked ? <LockScreen session={session} /> : <Workspace session={session} />}
        </WaveWallProvider>
      </AlarmDeskProvider>
    </LiveProvider>
  );
}

/** Nobody stands there to bring a wall display back to what it is for. */
function useWallStays(): void {
  const navigate = useNavigate();
  const isWall = useIsWall();
  const path = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => {
    if (isWall && path !== '/watch' && path !== '/account')
      void navigate({ to: '/watch', replace: true });
  }, [isWall, path, navigate]);
}

function Workspace({ session }: { readonly session: Session }) {
  useWallStays();
  return (
    <BarPanels>
      <div className={classes.frame}>
        <Rail session={session} />
        <TopBar session={session} />
        <div className={classes.main}>
          <SoundPanel />
          <PersonPanel session={session} />
          <AboutPanel />
          <SafetyNotice />
          <EmergencyBanner />
          <RefusedAdmissionsNotice />
          <WaitingNotice />
          <Outlet />
        </div>
      </div>
    </BarPanels>
  );
}

/** Every page watches the same patients, so that alarms are heard wherever one is. */
function WatchedPatients() {
  const live = useLive();
  const { data: subjects } = useQuery(subjectsQuery);
  useEffect(() => {
    if (subjects === undefined) return;
    const ids = [...subjects].sort(byPresence).map((subject) => subject.id);
    live.watch(ids.slice(0, SUBSCRIBED_SUBJECTS_MAX));
  }, [live, subjects]);
  return null;
}
