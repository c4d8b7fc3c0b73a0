/**
 * What only the clock brings: data that have stopped, a loss that nobody has acknowledged, an alarm
 * whose reading never became durable. A round looks at every alarm that is open and says what is to
 * be changed; the book does it. By the round the alarms agree with what the detectors hold.
 */
import { NO_DATA_HIGH_AFTER_MS } from '@ausculta/rules/no-data';
import { isLossOfMonitoring } from '@ausculta/vitals/alarm';
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

function knownOrNot(alarm: StoredAlarm, round: Round): Change | undefined {
  const { evaluator, monitoring, nowMs, isConsumed } = round;
  const { condition, metric } = alarm.view;
  const subject = evaluator.subject(alarm.subjectId);
  const vital = metricByKey(metric)?.vital ?? metric;
  const data = monitoring.dataOf(subject, vital, nowMs);
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
      return isConsumed ? overBy(alarm, newestOf(subject, vital)) : undefined;
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
  const isPresent = episodeOf(subject, alarm)?.episode.condition === 'present';
  if (!isPresent || !isConsumed || !shelf.isNewest(alarm)) return undefined;
  return { alarm: lived(alarm, 'condition-returned', nowMs), what: `known@${nowMs}` };
}

function episodeOf(subject: SubjectWatch | undefined, { view: { id } }: StoredAlarm) {
  return subject && episodeNamed(subject, id.slice(0, id.lastIndexOf('@')));
}

/** Whether a detector holds it present, or has not decided yet. */
function isHeld(subject: SubjectWatch | undefined, alarm: StoredAlarm): boolean {
  const held = episodeOf(subject, alarm);
  return held?.watches.some(({ state }) => state.phase !== 'quiet') ?? false;
}

function newestOf(subject: SubjectWatch | undefined, vital: string): number {
  const ofVital = subject?.series.filter(({ series }) => series.metric.vital === vital) ?? [];
  return Math.max(...ofVital.map(({ lastAtMs }) => lastAtMs));
}
