import type { Session } from '@ausculta/contract/session';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { subjectsQuery } from '../api/queries.ts';
import { useLiveState, useNow } from '../live/live-context.tsx';
import { isHere } from '../patients/presence.ts';
import { AlarmCounter } from './alarm-counter.tsx';
import { usePanelButton } from './bar-panel.tsx';
import { ConnectionState } from './connection-state.tsx';
import { SoundState } from './sound-control.tsx';
import classes from './top-bar.module.css';

export function TopBar({ session }: { readonly session: Session }) {
  const state = useLiveState();
  return (
    <header className={classes.bar} data-live={state}>
      <Place session={session} />
      {session.demo && <span className={classes.demo}>Demo data</span>}
      {state === 'live' && <span className={classes.space} />}
      <AlarmCounter />
      <SoundState />
      <ConnectionState />
      <Clock />
      <PersonButton session={session} />
    </header>
  );
}

const PAGES = [
  ['/patients', 'Patients'],
  ['/alarms', 'Alarms'],
  ['/on-call', 'On call'],
  ['/devices', 'Devices'],
  ['/accounts', 'Accounts'],
  ['/account', 'My account'],
  ['/authorise', 'App'],
  ['/device-code', 'App'],
  ['/audit', 'Audit'],
] as const;

function Place({ session }: { readonly session: Session }) {
  const { data: subjects } = useQuery(subjectsQuery);
  const path = useLocation({ select: ({ pathname }) => pathname });
  const page = PAGES.find(([start]) => path.startsWith(start))?.[1] ?? 'Watch';
  // A patient and a device have a heading of their own.
  const isOne = /^\/(patients|devices)\/./.test(path);
  const count = subjects?.filter(isHere).length;
  // Who may see nobody is not told that nobody is there.
  const isCounted = count !== undefined && (count > 0 || session.may.includes('search identity'));
  return (
    <div className={classes.place}>
      {isOne ? (
        <span className={classes.title}>{page}</span>
      ) : (
        <h1 className={classes.title}>{page}</h1>
      )}
      <span className={classes.where}>
        {session.organisationName}
        {isCounted && `, ${count} ${count === 1 ? 'patient' : 'patients'}`}
      </span>
    </div>
  );
}

const TIME = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const DAY = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
});
const ZONE = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' });

function Clock() {
  const nowMs = useNow(500);
  const zone = ZONE.formatToParts(nowMs).find((part) => part.type === 'timeZoneName')?.value;
  return (
    <div className={classes.clock}>
      <b className={classes.time}>{TIME.format(nowMs)}</b>
      <span>
        {DAY.format(nowMs)}, {zone}
      </span>
    </div>
  );
}

function PersonButton({ session }: { readonly session: Session }) {
  const panel = usePanelButton('person');
  return (
    <button type="button" className={classes.user} {...panel}>
      <span aria-hidden="true">{initials(session.displayName)}</span>
      <span className="visually-hidden">{session.displayName}, menu</span>
    </button>
  );
}

function initials(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase();
}
