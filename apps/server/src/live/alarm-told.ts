/** What a screen is told of an alarm: all of it, that there is one, or nothing. */
import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Viewer } from './viewer.ts';

/** As a rule that no screen was taught: it is read out in its own words. */
const GO_AND_LOOK = 'alarm-here/go-and-look';

export function alarmTold(viewer: Viewer, alarm: AlarmView): AlarmView | undefined {
  const { sight } = viewer;
  const subjectId = alarm.subjectId as SubjectId;
  if (sight.seesAlarmsOf(subjectId)) return alarm;
  return sight.seesBedOf(subjectId) ? bedAlone(alarm, viewer) : undefined;
}

/** That there is one, since when and how urgent it is: neither the finding nor a name that tells of it. */
function bedAlone(alarm: AlarmView, { keptBack }: Viewer): AlarmView {
  const { subjectId, priority, condition, episode, openedMs, raisedMs } = alarm;
  const { conditionEndedMs, acknowledgedMs, notYetStored } = alarm;
  const name = `${subjectId} ${alarm.id}`;
  const number = keptBack.get(name) ?? keptBack.size;
  keptBack.set(name, number);
  return {
    ...{ subjectId, priority, condition, episode, openedMs, raisedMs },
    ...{ conditionEndedMs, acknowledgedMs, notYetStored },
    id: `${GO_AND_LOOK}@${number}`,
    ruleKey: GO_AND_LOOK,
    ...{ metric: '', direction: 'high', limit: 0, unit: '', openingValue: 0, extremeValue: 0 },
    acknowledgedBy: null,
  };
}
