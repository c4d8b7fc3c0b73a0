/** What findings, people and the clock make of one alarm. Pure: an alarm in, the changed alarm out. */
import type { AlarmView } from '@ausculta/contract/alarms';
import { type AlarmEvent, type AlarmLife, afterEvent, afterRise } from '@ausculta/rules/alarm-life';
import {
  type AlarmEndReason,
  type AlarmPriority,
  isLossOfMonitoring,
  priorityRank,
} from '@ausculta/vitals/alarm';
import type { Finding } from '../line/finding.ts';
import type { StoredAlarm } from './alarm-row.ts';

/** A finding from the past is worth a call, but it is not happening now (safety S5). */
const LATE_AFTER_MS = 5 * 60_000;

export type RaisedFinding = Extract<Finding, { kind: 'raised' | 'passed' }>;

/** Still concerns somebody: not resolved, or its condition may be present. */
export function isOpen(view: AlarmView): boolean {
  return view.episode !== 'resolved' || view.condition !== 'absent';
}

export function raisedAlarm(finding: RaisedFinding, notYetStored: boolean): StoredAlarm {
  const { alarmId, series, rule, sinceMs, atMs } = finding;
  const isLate = atMs - sinceMs > LATE_AFTER_MS && finding.kind === 'passed';
  const view: AlarmView = {
    id: alarmId,
    subjectId: series.subjectId,
    ruleKey: rule.key,
    // Of no measurement: what it is then stands where the measured would.
    metric: series.metric?.key ?? rule.kind,
    // "Happened 40 min ago, now unknown" is a call, not a crash: medium at least (S5).
    priority: isLate ? 'medium' : finding.priority,
    condition: finding.kind === 'passed' ? 'absent' : 'present',
    episode: 'raised',
    direction: rule.direction,
    limit: rule.limit,
    unit: isLossOfMonitoring(rule.key) ? 's' : (series.metric?.unit ?? ''),
    openingValue: finding.openingValue,
    extremeValue: finding.value,
    openedMs: sinceMs,
    raisedMs: atMs,
    conditionEndedMs: finding.kind === 'passed' ? sinceMs : null,
    acknowledgedMs: null,
    acknowledgedBy: null,
    notYetStored,
    ...(finding.isWritten === true && { isWritten: true }),
  };
  const { organisationId, subjectId } = series;
  return {
    ...{ organisationId, subjectId, view },
    ...{ acknowledgedById: undefined, resolvedMs: undefined, calls: 1 },
    isLateHigh: isLate && finding.priority === 'high',
  };
}

/** Stored at last: what a person did to it meanwhile stands. */
export function confirmed(provisional: StoredAlarm | undefined, alarm: StoredAlarm): StoredAlarm {
  if (provisional === undefined) return alarm;
  const { episode, acknowledgedMs, acknowledgedBy, snooze } = provisional.view;
  const { acknowledgedById, calls } = provisional;
  const answer = { episode, acknowledgedMs, acknowledgedBy, ...(snooze && { snooze }) };
  return { ...withView(alarm, answer), acknowledgedById, calls };
}

export function isMoreUrgent(priority: AlarmPriority, than: AlarmPriority): boolean {
  return priorityRank(priority) < priorityRank(than);
}

/** The further of both from the limit. */
export function furthest({ direction, extremeValue }: AlarmView, value: number): number {
  return direction === 'high' ? Math.max(extremeValue, value) : Math.min(extremeValue, value);
}

/**
 * Back while it is owed, or not known to be over: the condition is present again, and may have gone
 * further. Who acknowledged the lesser has not seen the greater: then it calls again.
 */
export function returned(before: StoredAlarm, finding: RaisedFinding): StoredAlarm {
  const isGreater = isMoreUrgent(finding.priority, before.view.priority);
  const alarm = isGreater ? risen(before, finding.priority) : before;
  const extremeValue = furthest(alarm.view, finding.value);
  const known = finding.isWritten === true ? alarm : measured(alarm);
  const further = withView(known, { extremeValue });
  // A breach in the past says nothing of now.
  if (finding.kind === 'passed') return further;
  return withView(withoutEnd(further), {
    condition: 'present',
    conditionEndedMs: null,
    returnedMs: finding.sinceMs,
  });
}

function withoutEnd(alarm: StoredAlarm): StoredAlarm {
  const { endedBecause: _, ...view } = alarm.view;
  return { ...alarm, view };
}

/** A device has measured it as well: it is not of the record alone any more. */
function measured(alarm: StoredAlarm): StoredAlarm {
  const { isWritten: _, ...view } = alarm.view;
  return { ...alarm, view };
}

export function withView(alarm: StoredAlarm, change: Partial<AlarmView>): StoredAlarm {
  return { ...alarm, view: { ...alarm.view, ...change } };
}

/** More urgent than when it was seen: it has to be seen again. */
export function risen(alarm: StoredAlarm, to: AlarmPriority): StoredAlarm {
  const { priority, condition, episode } = alarm.view;
  const life = afterRise({ priority, condition, episode }, to);
  return calling(alarm, life);
}

/** Whatever was answered before: somebody has to look again. */
export function calling(alarm: StoredAlarm, life: Partial<AlarmLife>): StoredAlarm {
  const { snooze: _, ...view } = alarm.view;
  return {
    ...alarm,
    view: { ...view, ...life, acknowledgedMs: null, acknowledgedBy: null },
    acknowledgedById: undefined,
    calls: alarm.calls + 1,
  };
}

/** Over, though no reading has said so. One that is over already keeps the reason that it has. */
export function endedFor(
  alarm: StoredAlarm,
  endedMs: number,
  endedBecause: AlarmEndReason | undefined,
): StoredAlarm {
  const ended = lived(alarm, 'condition-ended', endedMs);
  const isNew = alarm.view.condition !== 'absent' && endedBecause !== undefined;
  return isNew ? withView(ended, { endedBecause }) : ended;
}

export function lived(alarm: StoredAlarm, event: AlarmEvent, atMs: number): StoredAlarm {
  const { priority, condition, episode, conditionEndedMs: endedMs } = alarm.view;
  const life = afterEvent({ priority, condition, episode }, event);
  const isPresent = life.condition === 'present';
  const wasEnded = event === 'condition-ended' ? Math.max(endedMs ?? atMs, atMs) : endedMs;
  const conditionEndedMs = isPresent ? null : wasEnded;
  const resolvedMs = life.episode === 'resolved' ? (alarm.resolvedMs ?? atMs) : undefined;
  const kept = isPresent ? withoutEnd(alarm) : alarm;
  return { ...withView(kept, { ...life, conditionEndedMs }), resolvedMs };
}

/** What the transition is written under: a replay names it the same, and what happens again is named anew. */
export function causeOf({ view, calls }: StoredAlarm, what: string): string {
  if (what === 'ended') return `ended@${view.conditionEndedMs}`;
  if (what === 'risen') return `risen/${calls}`;
  return what.includes(' by ') ? `${what} at ${view.acknowledgedMs}` : what;
}

export const isPresent = (view: AlarmView): boolean => view.condition !== 'absent';

/** The most urgent first, then the newest. */
export function inOrder(alarms: readonly StoredAlarm[]): AlarmView[] {
  return alarms
    .map(({ view }) => view)
    .sort((a, b) => priorityRank(a.priority) - priorityRank(b.priority) || b.raisedMs - a.raisedMs);
}
