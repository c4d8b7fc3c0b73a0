import { Link } from '@tanstack/react-router';
import Info from 'lucide-react/icons/info';
import Monitor from 'lucide-react/icons/monitor';
import Stethoscope from 'lucide-react/icons/stethoscope';
import Users from 'lucide-react/icons/users';
import { usePanelButton } from './bar-panel.tsx';
import classes from './rail.module.css';

export function Rail() {
  const about = usePanelButton('about');
  return (
    <nav className={classes.rail} aria-label="Main">
      <span className={classes.brand} role="img" aria-label="Ausculta">
        <Stethoscope size={28} aria-hidden="true" />
      </span>
      <Link to="/watch" className={classes.item} activeProps={{ 'data-active': true }}>
        <Monitor size={20} aria-hidden="true" />
        Watch
      </Link>
      <Link to="/patients" className={classes.item} activeProps={{ 'data-active': true }}>
        <Users size={20} aria-hidden="true" />
        Patients
      </Link>
      <button type="button" className={classes.about} {...about}>
        <Info size={20} aria-hidden="true" />
        Not an alarm device, no watchdog
      </button>
    </nav>
  );
}
