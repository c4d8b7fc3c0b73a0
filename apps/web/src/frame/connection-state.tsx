import type { DegradedReason } from '@ausculta/contract/live';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import type { LiveConnection } from '../live/live-connection.ts';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { type WatchdogWords, watchdogWords } from '../live/watchdog-words.ts';
import { Icon } from '../theme/icon.tsx';
import { durationText } from '../vitals/number-text.ts';
import classes from './connection-state.module.css';

/** How long a screen says that waveforms were left out. */
const DROPPED_SHOWN_MS = 10_000;

const DEGRADED_WORDS: Readonly<Record<DegradedReason, string>> = {
  stalled: 'new data is not yet stored',
  full: 'the disk is full, new data is not stored',
};

/** Not connected is louder than connected: then the state fills the bar, inverse and grey. */
export function ConnectionState() {
  const live = useLiveVersion();
  useNow(1_000);
  const lastMs = live.lastFrameMs;
  const quietMs = lastMs === undefined ? undefined : performance.now() - lastMs;
  if (live.state === 'live' && live.store.degradedSinceMs !== null) {
    return <Degraded title="Monitoring degraded" why={DEGRADED_WORDS[live.store.degradedReason]} />;
  }
  if (live.state === 'live' && watchdogOf(live).isStuck) {
    return <Degraded title="Alarms do not arrive" why={watchdogOf(live).brief} />;
  }
  if (live.state === 'live') {
    const [title, detail] = liveWords(live, quietMs ?? 0);
    const isUnwatched = live.store.watchdog?.isEnrolled === true && !watchdogOf(live).isWell;
    return (
      <div
        className={classes.state}
        data-testid="connection"
        data-state="live"
        data-watchdog={isUnwatched ? 'silent' : undefined}
      >
        <Icon name="activity" size={20} />
        <span className={classes.words}>
          <b>{title}</b>
          <span>{detail}</span>
        </span>
      </div>
    );
  }
  return (
    <div className={classes.notLive} data-testid="connection" data-state={live.state} role="alert">
      <Icon name="wifi-off" size={20} />
      <b>{live.state === 'connecting' ? 'Connecting' : 'Not live'}</b>
      {live.state === 'silent' && (
        <span>
          {quietMs === undefined
            ? 'No answer from the server. Trying again.'
            : `Nothing received for ${durationText(quietMs)}: all values are old. Trying again.`}
        </span>
      )}
    </div>
  );
}

/** Safety S3 and S14: a high technical alarm on every screen, with its shape and its word. */
function Degraded({ title, why }: { readonly title: string; readonly why: string }) {
  return (
    <div className={classes.degraded} data-testid="connection" data-state="degraded" role="alert">
      <PriorityMark priority="high" size={20} />
      <span className={classes.words}>
        <b>{title}</b>
        <span>high, {why}</span>
      </span>
    </div>
  );
}

function liveWords(
  live: LiveConnection,
  quietMs: number,
): readonly [title: string, detail: string] {
  const droppedMs =
    (live.serverNowMs() ?? 0) - (live.store.droppedAtMs ?? Number.NEGATIVE_INFINITY);
  if (droppedMs < DROPPED_SHOWN_MS) return ['Live, slow link', 'waveforms have gaps'];
  if (live.store.watchdog?.isEnrolled === true) {
    const { isWell, brief } = watchdogOf(live);
    // A phone has room for the title alone.
    return [isWell ? 'Live' : 'Live, no watchdog', brief];
  }
  return ['Live', `checked ${Math.floor(quietMs / 1000)} s ago`];
}

function watchdogOf(live: LiveConnection): WatchdogWords {
  return watchdogWords(live.store.watchdog, live.serverNowMs());
}
