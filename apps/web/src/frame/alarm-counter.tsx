import type { AlarmView } from '@ausculta/contract/alarms';
import { ALARM_PRIORITIES, type AlarmPriority } from '@ausculta/vitals/alarm';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { countByPriority } from '../alarms/alarm-order.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { subjectsQuery } from '../api/queries.ts';
import { useIsWall } from '../api/use-wall.ts';
import { placedName } from '../vitals/identity-text.ts';
import classes from './alarm-counter.module.css';

/** Open alarms by priority; a click leads to whom they are about. A zero is plain text. */
export function AlarmCounter() {
  const { alarms } = useAlarmDesk();
  const counts = countByPriority(alarms);
  return (
    <section className={classes.counter} aria-label="Open alarms" data-testid="alarm-counter">
      {ALARM_PRIORITIES.toReversed().map((priority) =>
        counts[priority] === 0 ? (
          <span key={priority} className={classes.count}>
            0 {priority}
          </span>
        ) : (
          <AlarmLink
            key={priority}
            priority={priority}
            alarms={alarms.filter((alarm) => alarm.priority === priority)}
          />
        ),
      )}
    </section>
  );
}

interface AlarmLinkProps {
  readonly priority: AlarmPriority;
  readonly alarms: readonly AlarmView[];
}

/** To the patient, or, when several have such an alarm, to the alarms, the most urgent first. */
function AlarmLink({ priority, alarms }: AlarmLinkProps) {
  const { data: subjects } = useQuery(subjectsQuery);
  const ids = [...new Set(alarms.map(({ subjectId }) => subjectId))];
  const [id = ''] = ids;
  const only = ids.length === 1 ? subjects?.find((subject) => subject.id === id) : undefined;
  const whose = only === undefined ? `${ids.length} patients` : placedName(only.identity);
  if (useIsWall())
    return (
      <span className={classes.count} data-priority={priority}>
        <PriorityMark priority={priority} />
        <b>{alarms.length}</b> {priority}
      </span>
    );
  return (
    <Link
      {...(only === undefined
        ? { to: '/alarms' as const }
        : { to: '/patients/$id' as const, params: { id } })}
      className={classes.count}
      data-priority={priority}
      title={whose}
    >
      <PriorityMark priority={priority} />
      <b>{alarms.length}</b> {priority}
      <span className="visually-hidden">, {whose}</span>
    </Link>
  );
}
