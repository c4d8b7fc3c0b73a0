import { Button } from '@mantine/core';
import { Icon } from '../theme/icon.tsx';
import { changePreferences, usePreferences } from '../theme/preferences.ts';
import { BarPanel } from './bar-panel.tsx';
import classes from './safety-notice.module.css';

export const SAFETY_SENTENCE =
  'Not cleared; secondary to bedside alarms; not for clinical use until your organisation has validated it.';

/** Safety S12 and S14: what this screen is not, and what is missing, said on every screen. */
const STANDING_NOTES = [
  'Not an alarm device: this screen does not replace the bedside monitor.',
  'No watchdog runs on another host. If this server stops, nobody is called.',
] as const;

/** Shown on the first run of each browser until it is read. Never covers anything: it takes a row. */
export function SafetyNotice() {
  const { noticeRead } = usePreferences();
  if (noticeRead) return null;
  return (
    <section className={classes.notice} aria-label="Safety notice">
      <Icon name="triangle-alert" size={16} />
      <p>{SAFETY_SENTENCE}</p>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => changePreferences({ noticeRead: true })}
      >
        I have read this
      </Button>
    </section>
  );
}

/** The standing notes, for whoever asks on any screen. */
export function AboutPanel() {
  return (
    <BarPanel name="about" label="About this screen">
      <div className={classes.notes}>
        <p>{SAFETY_SENTENCE}</p>
        {STANDING_NOTES.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
    </BarPanel>
  );
}
