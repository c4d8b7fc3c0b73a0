import type { SubjectView } from '@ausculta/contract/subjects';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { briefText, isTechnical, spanText } from '../alarms/alarm-text.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { useLive, useSubjectLive } from '../live/live-context.tsx';
import { unmonitoredText } from '../patients/presence.ts';
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

/** A wall display: where somebody has to go, to be read from the end of the corridor. Nobody's name, no number. */
export function BedTile({ subject, index, isTabStop, isSteady }: BedTileProps) {
  const connection = useLive();
  const live = useSubjectLive(subject.id);
  const nowMs = connection.serverNowMs() ?? Date.now();
  const alarms = orderAlarms(live.alarms.values());
  const [top] = alarms;
  const isFlashing = top?.episode === 'raised' && top.priority !== 'low' && !isSteady;
  const { bed, ward } = subject.identity;
  const unwatched = connection.state === 'silent' ? NOT_LIVE_TEXT : unmonitoredText(subject);
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
          {unwatched ?? 'No alarm'}
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
    </article>
  );
}
