import type { Session } from '@ausculta/contract/session';
import { Link } from '@tanstack/react-router';
import { useIsWall } from '../api/use-wall.ts';
import { useLive, useNow } from '../live/live-context.tsx';
import { watchdogWords } from '../live/watchdog-words.ts';
import { Icon } from '../theme/icon.tsx';
import { usePanelButton } from './bar-panel.tsx';
import classes from './rail.module.css';

export function Rail({ session }: { readonly session: Session }) {
  const about = usePanelButton('about');
  const isWall = useIsWall();
  const live = useLive();
  useNow(1_000);
  const watchdog = watchdogWords(live.store.watchdog, live.serverNowMs());
  return (
    <nav className={classes.rail} aria-label="Main">
      <span className={classes.brand} role="img" aria-label="Ausculta">
        <Icon name="stethoscope" size={28} />
      </span>
      <Link to="/watch" className={classes.item} activeProps={{ 'data-active': true }}>
        <Icon name="monitor" size={20} />
        Watch
      </Link>
      {!isWall && (
        <>
          <Link to="/patients" className={classes.item} activeProps={{ 'data-active': true }}>
            <Icon name="users" size={20} />
            Patients
          </Link>
          <Link to="/alarms" className={classes.item} activeProps={{ 'data-active': true }}>
            <Icon name="bell" size={20} />
            Alarms
          </Link>
          <Link to="/devices" className={classes.item} activeProps={{ 'data-active': true }}>
            <Icon name="cpu" size={20} />
            Devices
          </Link>
        </>
      )}
      {session.may.includes('administer accounts') && (
        <Link to="/accounts" className={classes.item} activeProps={{ 'data-active': true }}>
          <Icon name="user-cog" size={20} />
          Accounts
        </Link>
      )}
      {session.may.includes('search audit') && (
        <Link to="/audit" className={classes.item} activeProps={{ 'data-active': true }}>
          <Icon name="scroll-text" size={20} />
          Audit
        </Link>
      )}
      <button type="button" className={classes.about} {...about}>
        <Icon name="info" size={20} />
        Not an alarm device{!watchdog.isWell && `, ${watchdog.brief}`}
      </button>
    </nav>
  );
}
