import type { AlarmView } from '@ausculta/contract/alarms';
import { priorityRank } from '@ausculta/vitals/alarm';
import { alarmText, extremeText } from '../alarms/alarm-text.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import type { Stretch } from './time-view.ts';
import { momentWords } from './time-words.ts';
import classes from './timeline.module.css';

interface EventsLaneProps {
  readonly alarms: readonly AlarmView[];
  readonly open: readonly AlarmView[];
  readonly stretch: Stretch;
}

/** Alarms as marks on the time that the charts share. */
export function EventsLane({ alarms, open, stretch }: EventsLaneProps) {
  const all = new Map([...alarms, ...open].map((alarm) => [alarm.id, alarm]));
  // The most urgent is drawn last: where marks lie on each other it is on top.
  const shown = [...all.values()]
    .filter((alarm) => alarm.openedMs >= stretch.fromMs && alarm.openedMs <= stretch.toMs)
    .sort((one, other) => priorityRank(other.priority) - priorityRank(one.priority));
  const spanMs = stretch.toMs - stretch.fromMs;
  return (
    <div className={classes.lane}>
      <div className={classes.gutter}>
        <span className={classes.title}>Events</span>
        <span>alarms</span>
      </div>
      <div className={classes.events}>
        {shown.map((alarm) => {
          const words = wordsOf(alarm);
          return (
            <span
              key={alarm.id}
              className={classes.mark}
              style={{ left: `${((alarm.openedMs - stretch.fromMs) / spanMs) * 100}%` }}
              title={words}
              role="img"
              aria-label={words}
            >
              <PriorityMark priority={alarm.priority} />
            </span>
          );
        })}
      </div>
      <div className={classes.right}>
        {shown.length === 0 ? 'none here' : `${shown.length} here`}
      </div>
    </div>
  );
}

function wordsOf(alarm: AlarmView): string {
  return [`${alarm.priority}: ${alarmText(alarm)}`, extremeText(alarm), momentWords(alarm.openedMs)]
    .filter((part) => part !== undefined)
    .join(', ');
}
