/** What becomes of an alarm that somebody wants to be called for again. Pure, like all changes of alarms. */
import type { AlarmView } from '@ausculta/contract/alarms';
import { afterEvent } from '@ausculta/rules/alarm-life';
import { covers, isCarriedOver, isSnoozeOver, isWorse } from '@ausculta/rules/snooze';
import { calling, furthest, type RaisedFinding, withView } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';

/** It went further. Beyond anything that was there to see when it was snoozed, it calls at once. */
export function further(
  alarm: StoredAlarm,
  { value, nowMs }: { readonly value: number; readonly nowMs: number },
): { readonly alarm: StoredAlarm; readonly what: string } {
  const { snooze, direction } = alarm.view;
  const gone = withView(alarm, { extremeValue: furthest(alarm.view, value) });
  const isCalling = snooze !== undefined && isWorse(snooze, { value, direction });
  return (isCalling ? calledAgain(gone, nowMs) : undefined) ?? { alarm: gone, what: 'worsened' };
}

/** Undefined while nothing is to be said again. */
export function wokenBy(
  alarm: StoredAlarm,
  nowMs: number,
): { readonly alarm: StoredAlarm; readonly what: string } | undefined {
  const { snooze } = alarm.view;
  return snooze !== undefined && isSnoozeOver(snooze, nowMs)
    ? calledAgain(alarm, nowMs)
    : undefined;
}

function calledAgain(alarm: StoredAlarm, nowMs: number) {
  const { priority, condition, episode } = alarm.view;
  const life = afterEvent({ priority, condition, episode }, 'called-again');
  if (life.episode === episode) return undefined;
  const again = withView(calling(alarm, life), { calledAgainMs: nowMs });
  return { alarm: again, what: `called-again@${nowMs}` };
}

/** A condition that comes back as a new alarm within a snooze of the same one has been answered. */
export function carriedOver(
  alarm: StoredAlarm,
  finding: RaisedFinding,
  before: StoredAlarm | undefined,
): StoredAlarm {
  const snooze = before?.view.snooze;
  if (before === undefined || snooze === undefined || !isSettled(before.view)) return alarm;
  if (!isCarriedOver(finding.rule.episodeKey)) return alarm;
  const { priority, value, atMs } = finding;
  const again = { priority, value, direction: alarm.view.direction, atMs };
  if (!covers({ snooze, priority: before.view.priority }, again)) return alarm;
  const { condition } = alarm.view;
  const life = afterEvent({ priority, condition, episode: 'raised' }, 'acknowledged');
  const { acknowledgedBy } = before.view;
  const answered = withView(alarm, {
    ...{ episode: life.episode, acknowledgedMs: atMs, acknowledgedBy },
    snooze: { ...snooze, isCarriedOver: true },
  });
  const resolvedMs = life.episode === 'resolved' ? atMs : undefined;
  return { ...answered, acknowledgedById: before.acknowledgedById, resolvedMs };
}

const isSettled = ({ episode }: AlarmView): boolean => episode !== 'raised';
