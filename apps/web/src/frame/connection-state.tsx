import Activity from 'lucide-react/icons/activity';
import WifiOff from 'lucide-react/icons/wifi-off';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { durationText } from '../vitals/number-text.ts';
import classes from './connection-state.module.css';

/** Not connected is louder than connected: then the state fills the bar, inverse and grey. */
export function ConnectionState() {
  const live = useLiveVersion();
  useNow(1_000);
  const lastMs = live.lastFrameMs;
  const quietMs = lastMs === undefined ? undefined : performance.now() - lastMs;
  if (live.state === 'live') {
    const degraded = live.store.degradedSinceMs !== null;
    return (
      <div className={classes.state} data-testid="connection" data-state="live">
        <Activity size={20} aria-hidden="true" />
        <span className={classes.words}>
          <b>{degraded ? 'Monitoring degraded' : 'Live'}</b>
          <span>
            {degraded
              ? 'new data is not yet stored'
              : `checked ${Math.floor((quietMs ?? 0) / 1000)} s ago`}
          </span>
        </span>
      </div>
    );
  }
  return (
    <div className={classes.notLive} data-testid="connection" data-state={live.state} role="alert">
      <WifiOff size={20} aria-hidden="true" />
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
