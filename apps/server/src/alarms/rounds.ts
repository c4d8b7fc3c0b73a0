/**
 * What only the clock brings: data that have stopped, a loss that nobody has acknowledged, an alarm
 * whose reading never became durable. A round looks at every alarm that is open and says what is to
 * be changed; the book does it. By the round the alarms agree with what the detectors hold.
 */
import { NO_DATA_HIGH_AFTER_MS } from '@ausculta/rules/no-data';
import { type AlarmKind, alarmSubject, isLossOfMonitoring } from '@ausculta/vitals/alarm';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Evaluator } from '../line/evaluate.ts';
import type { Monitoring } from '../line/monitoring.ts';
import { episodeNamed, type SubjectWatch } from '../line/series-watch.ts';
import { endedFor, isOpen, lived, risen } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';
import type { AlarmShelf } from './alarm-shelf.ts';
import { wokenBy } from './snoozing.ts';

export interface Round {
  readonly shelf: AlarmShelf;
  readonly evaluator: Evaluator;
  readonly monitoring: Monitoring;
  readonly nowMs: number;
  /** The server's own clock, by which people are called again. */
  readonly clockMs: number;
  /**
   * Whether everything received before has been consumed. If not, an alarm that the detectors do not
   * know may be one that they will know in a moment.
   */
  readonly isConsumed: boolean;
}

export interface Change {
  readonly alarm: StoredAlarm;
  readonly what: string;
}

export function changesByClock(round: Round): Change[] {
  const changes: Change[] = [];
  for (const alarm of round.shelf.all()) {
    if (!isOpen(alarm.view)) continue;
    const isLoss = isLossOfMonitoring(alarm.view.ruleKey);
    const byTime = isLoss ? unheeded(alarm, round.nowMs) : wokenBy(alarm, round.clockMs);
    const change = byTime ?? (isLoss ? undefined : knownOrNot(alarm, round));
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Safety S4: a loss of monitoring that nobody has acknowledged becomes urgent. */
function unheeded(alarm: StoredAlarm, nowMs: number): Change | undefined {
  const { condition, episode, priority, raisedMs } = alarm.view;
  const isWaiting = condition === 'present' && episode === 'raised' && priority !== 'high';
  if (!isWaiting || nowMs - raisedMs < NO_DATA_HIGH_AFTER_MS) return undefined;
  return { alarm: risen(alarm, 'high'), what: 'risen' };
}

/** Their detectors know by themselves what they rest on, and when it has grown too old. */
const OF_NO_SINGLE_VITAL: ReadonlySet<AlarmKind> = new Set([
  'score',
  'overdue',
  'rhythm',
  'composite',
  'call',
  'poor-signal',
]);

function knownOrNot(alarm: StoredAlarm, round: Round): Change | undefined {
  const { evaluator, monitoring, nowMs, isConsumed } = round;
  const { condition, metric } = alarm.view;
  const subject = evaluator.subject(alarm.subjectId);
  const vital = metricByKey(metric)?.vital ?? metric;
  const isOfOne = !OF_NO_SINGLE_VITAL.has(alarmSubject(alarm.view.ruleKey).kind);
  const data = isOfOne ? monitoring.dataOf(subject, vital, nowMs) : 'flowing';
  if (condition === 'absent') {
    return data === 'flowing' ? heldAgain(alarm, subject, round) : undefined;
  }
  switch (data) {
    case 'nobody-measures':
      return { alarm: endedFor(alarm, nowMs, 'taken-off'), what: 'ended' };
    case 'stopped':
      if (condition === 'unknown') return undefined;
      return { alarm: lived(alarm, 'condition-lost', nowMs), what: `unknown@${nowMs}` };
    case 'awaited':
      return undefined;
    case 'flowing':
      if (isHeld(subject, alarm)) {
        if (condition === 'present') return undefined;
        return { alarm: lived(alarm, 'condition-returned', nowMs), what: `known@${nowMs}` };
      }
      return isConsumed ? overBy(alarm, newestOf(subject, isOfOne ? vital : undefined)) : undefined;
  }
}

/** The detectors do not know it, and they have seen newer readings: they found nothing wrong in them. */
function overBy(alarm: StoredAlarm, newestMs: number): Change | undefined {
  if (newestMs <= alarm.view.openedMs) return undefined;
  return { alarm: lived(alarm, 'condition-ended', newestMs), what: 'ended' };
}

/** Ended too early, say by a reading that was never stored: what the detectors hold is present. */
function heldAgain(
  alarm: StoredAlarm,
  subject: SubjectWatch | undefined,
  { shelf, isConsumed, nowMs }: Round,
): Change | undefined {
  if (!isPresentIn(subject, alarm) || !isConsumed || !shelf.isNewest(alarm)) return undefined;
  return { alarm: lived(alarm, 'condition-returned', nowMs), what: `known@${nowMs}` };
}

const episodeName = ({ view: { id } }: StoredAlarm): string => id.slice(0, id.lastIndexOf('@'));

function isPresentIn(subject: SubjectWatch | undefined, alarm: StoredAlarm): boolean {
  const name = episodeName(alarm);
  if (subject?.plan?.monitor.episodeOf(name).condition === 'present') return true;
  return subject !== undefined && episodeNamed(subject, name)?.episode.condition === 'present';
}

/** Whether a detector holds it present, or has not decided yet. */
function isHeld(subject: SubjectWatch | undefined, alarm: StoredAlarm): boolean {
  if (subject === undefined) return false;
  const name = episodeName(alarm);
  if (subject.plan !== undefined && subject.plan.monitor.phaseOf(name) !== 'quiet') return true;
  const held = episodeNamed(subject, name);
  return held?.watches.some(({ state }) => state.phase !== 'quiet') ?? false;
}

/** Of all that is measured where it is of no single vital. */
function newestOf(subject: SubjectWatch | undefined, vital: string | undefined): number {
  const own = subject?.series.filter(
    ({ series }) => vital === undefined || series.metric.vital === vital,
  );
  return Math.max(...(own ?? []).map(({ lastAtMs }) => lastAtMs));
}
