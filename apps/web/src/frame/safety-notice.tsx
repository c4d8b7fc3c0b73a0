import { Button } from '@mantine/core';
import { useLive, useNow } from '../live/live-context.tsx';
import { watchdogWords } from '../live/watchdog-words.ts';
import { Icon } from '../theme/icon.tsx';
import { changePreferences, usePreferences } from '../theme/preferences.ts';
import { BarPanel } from './bar-panel.tsx';
import classes from './safety-notice.module.css';

export const SAFETY_SENTENCE =
  'Not cleared; secondary to bedside alarms; not for clinical use until your organisation has validated it.';

/** Safety S12: what this screen is not. */
const NO_ALARM_DEVICE = 'Not an alarm device: this screen does not replace the bedside monitor.';

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
  const live = useLive();
  useNow(1_000);
  return (
    <BarPanel name="about" label="About this screen">
      <div className={classes.notes}>
        <p>{SAFETY_SENTENCE}</p>
        <p>{NO_ALARM_DEVICE}</p>
        <p>{watchdogWords(live.store.watchdog, live.serverNowMs()).full}</p>
      </div>
    </BarPanel>
  );
}
