import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { useQuery } from '@tanstack/react-query';
import { countByPriority } from '../alarms/alarm-order.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { subjectsQuery } from '../api/queries.ts';
import { placeText } from '../vitals/identity-text.ts';
import classes from './lock-screen.module.css';

/** As many as are read from the door; the counts say how many there are. */
const BEDS_SHOWN = 6;

/** How many there are, and at which beds somebody has to go and look; never whose they are. */
export function LockedAlarms({ alarms }: { readonly alarms: readonly AlarmView[] }) {
  const { data: subjects } = useQuery(subjectsQuery);
  const counts = countByPriority(alarms);
  const beds = bedsOf(alarms, subjects ?? []);
  return (
    <>
      <div className={classes.counts}>
        {ALARM_PRIORITIES.toReversed().map((priority) => (
          <span key={priority} className={classes.count} data-priority={priority}>
            {counts[priority] > 0 && <PriorityMark priority={priority} />}
            <b>{counts[priority]}</b> {priority}
          </span>
        ))}
      </div>
      {beds.length > 0 && (
        <ul className={classes.beds} aria-label="Beds whose alarm nobody has answered">
          {beds.slice(0, BEDS_SHOWN).map(({ subjectId, priority, place }) => (
            <li key={subjectId} data-priority={priority}>
              <PriorityMark priority={priority} />
              <span className="visually-hidden">{priority}</span>
              <b>{place}</b>
            </li>
          ))}
          {beds.length > BEDS_SHOWN && <li>and {beds.length - BEDS_SHOWN} more</li>}
        </ul>
      )}
    </>
  );
}

/** Each bed once, under the most urgent of its alarms that are owed. */
function bedsOf(alarms: readonly AlarmView[], subjects: readonly SubjectView[]) {
  const places = new Map(subjects.map(({ id, identity }) => [id, placeText(identity)]));
  const owed = alarms.filter(({ episode }) => episode === 'raised');
  const first = new Map(owed.toReversed().map((alarm) => [alarm.subjectId, alarm]));
  return owed
    .filter((alarm) => first.get(alarm.subjectId) === alarm)
    .map(({ subjectId, priority }) => ({
      ...{ subjectId, priority },
      place: places.get(subjectId) ?? 'Place not known here',
    }));
}
