import { Popover } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import Info from 'lucide-react/icons/info';
import Monitor from 'lucide-react/icons/monitor';
import Stethoscope from 'lucide-react/icons/stethoscope';
import Users from 'lucide-react/icons/users';
import classes from './rail.module.css';
import { SAFETY_SENTENCE, STANDING_NOTES } from './safety-notice.tsx';

export function Rail() {
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
      <Popover position="right-end" width={320} shadow="md" trapFocus>
        <Popover.Target>
          <button type="button" className={classes.about}>
            <Info size={20} aria-hidden="true" />
            Not an alarm device
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <div className={classes.notes}>
            <p className={classes.sentence}>{SAFETY_SENTENCE}</p>
            {STANDING_NOTES.map((note) => (
              <p key={note}>{note}</p>
            ))}
          </div>
        </Popover.Dropdown>
      </Popover>
    </nav>
  );
}
