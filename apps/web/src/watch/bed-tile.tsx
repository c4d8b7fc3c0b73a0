import type { SubjectView } from '@ausculta/contract/subjects';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { briefText, isTechnical, spanText } from '../alarms/alarm-text.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { useLive, useSubjectLive } from '../live/live-context.tsx';
import { NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { placeText } from '../vitals/identity-text.ts';
import classes from './bed-tile.module.css';
import tile from './tile.module.css';

interface BedTileProps {
  readonly subject: SubjectView;
  readonly index: number;
  readonly isTabStop: boolean;
  readonly isSteady: boolean;
  /** Ages grow even when nothing arrives: a new value each second draws the tile again. */
  readonly second: number;
}

/** A bed where nothing would call must not look calm (safety S4, S18). */
function unwatchedText({ presence, watch }: SubjectView): string | undefined {
  if (presence !== 'here') return 'Nobody here, not monitored';
  if (watch === undefined || watch.signal === 'never') return 'No data yet, not monitored';
  if (watch.signal === 'lost') return 'No data, not monitored';
  return watch.hasLimits ? undefined : 'No limits, no alarms';
}

/** A wall display: where somebody has to go, to be read from the end of the corridor. Nobody's name, no number. */
export function BedTile({ subject, index, isTabStop, isSteady }: BedTileProps) {
  const connection = useLive();
  const live = useSubjectLive(subject.id);
  const nowMs = connection.serverNowMs() ?? Date.now();
  const alarms = orderAlarms(live.alarms.values());
  const [top] = alarms;
  const isCut = connection.state === 'silent';
  const isCalling = top?.episode === 'raised' && top.priority !== 'low';
  const isFlashing = isCalling && !isSteady && !isCut;
  const { bed, ward } = subject.identity;
  const unwatched = isCut ? NOT_LIVE_TEXT : unwatchedText(subject);
  return (
    <article
      className={`${tile.tile} ${classes.tile}`}
      data-testid="tile"
      data-subject={subject.id}
      data-index={index}
      data-alarm={top?.priority}
      data-episode={top?.episode}
      data-flash={isFlashing || undefined}
      aria-label={placeText(subject.identity)}
      tabIndex={isTabStop ? 0 : -1}
    >
      <header className={classes.place}>
        <b className={classes.bed}>{bed ?? 'No bed'}</b>
        <span className={classes.ward}>{ward ?? 'No ward'}</span>
      </header>
      {top === undefined ? (
        <p className={classes.calm} data-unwatched={unwatched !== undefined || undefined}>
          {unwatched ?? 'Limits only, no alarm'}
        </p>
      ) : (
        <div
          className={classes.alarm}
          data-priority={top.priority}
          data-episode={top.episode}
          data-testid="alarm-band"
        >
          <PriorityMark priority={top.priority} size={20} />
          <span className="visually-hidden">
            {top.priority} {isTechnical(top) ? 'technical alarm' : 'alarm'}
          </span>
          <b>{briefText(top)}</b>
          {alarms.length > 1 && <b>+{alarms.length - 1}</b>}
          <span className={classes.since}>
            {top.episode === 'acknowledged' ? 'answered, ' : ''}
            {spanText(top, nowMs)}
          </span>
        </div>
      )}
      {isCut && top !== undefined && (
        <p className={classes.calm} data-unwatched>
          {NOT_LIVE_TEXT}
        </p>
      )}
    </article>
  );
}
