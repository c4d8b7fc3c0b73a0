/** Which alarms a subscriber wants to hear of. */
import { ALARM_PRIORITIES, type AlarmPriority } from '@ausculta/vitals/alarm';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';

/** Undefined: any. */
export interface AlarmFilter {
  readonly subjectIds: ReadonlySet<SubjectId> | undefined;
  readonly priorities: ReadonlySet<AlarmPriority> | undefined;
  readonly metrics: ReadonlySet<string> | undefined;
}

export interface AlarmTold {
  readonly subject_id: SubjectId;
  readonly priority: AlarmPriority;
  readonly metric: string;
}

/** Undefined where something in it is not understood. */
export function readAlarmFilter(parameters: URLSearchParams): AlarmFilter | undefined {
  const known = ['patient', 'priority', 'metric'];
  const names = [...parameters.keys()];
  if (names.some((name) => !known.includes(name)) || new Set(names).size < names.length)
    return undefined;
  const subjects = listIn(parameters, 'patient')?.map((text) =>
    parseSubjectId(text.replace(/^Patient\//, '')),
  );
  const priorities = listIn(parameters, 'priority')?.map((text) =>
    ALARM_PRIORITIES.find((priority) => priority === text),
  );
  const metrics = listIn(parameters, 'metric');
  const subjectIds = setOf(subjects);
  const wanted = setOf(priorities);
  const isUnderstood =
    (subjects === undefined) === (subjectIds === undefined) &&
    (priorities === undefined) === (wanted === undefined) &&
    (metrics ?? []).every((key) => /^[a-z0-9-]{1,100}$/.test(key));
  if (!isUnderstood) return undefined;
  return { subjectIds, priorities: wanted, metrics: setOf(metrics) };
}

function listIn(parameters: URLSearchParams, name: string): string[] | undefined {
  return parameters.get(name)?.split(',');
}

/** Undefined where there is no list, or one of it was not understood. */
function setOf<T>(list: readonly (T | undefined)[] | undefined): ReadonlySet<T> | undefined {
  const known = list?.filter((one) => one !== undefined);
  return known === undefined || known.length < (list?.length ?? 0) ? undefined : new Set(known);
}

/** All filters must hold. */
export function wantsAlarm(
  filters: readonly AlarmFilter[],
  alarm: AlarmTold,
  usedFor: (id: SubjectId) => SubjectId,
): boolean {
  const used = usedFor(alarm.subject_id);
  return filters.every(
    ({ subjectIds, priorities, metrics }) =>
      (subjectIds === undefined || [...subjectIds].some((id) => usedFor(id) === used)) &&
      (priorities?.has(alarm.priority) ?? true) &&
      (metrics?.has(alarm.metric) ?? true),
  );
}
