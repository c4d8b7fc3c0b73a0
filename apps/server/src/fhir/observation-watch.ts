/**
 * What is written as an Observation is watched as well: a value that a person typed in is judged by the
 * limits of its patient, and calls as something that was when it was measured (safety S5). A record of
 * long ago that is brought in now calls nobody.
 */

import type { Interval } from '@ausculta/fhir/date-range';
import { watchedObservation } from '@ausculta/fhir/watched-observation';
import type { LimitRule } from '@ausculta/rules/adult-limits';
import { brokenBySpot } from '@ausculta/rules/spot-check';
import type { Resource } from '@medplum/fhirtypes';
import type { RegisteredSubject } from '../devices/registry.ts';
import { alarmIdOf, type Finding } from '../line/finding.ts';

export type PassedFinding = Extract<Finding, { kind: 'raised' | 'passed' }>;

/**
 * Who charts at the end of a long shift is within it, and so is what was lost in an interface overnight.
 * Alarms of the last day are known to the alarm book, so that the same breach is not told anew.
 */
export const WATCHED_WITHIN_MS = 24 * 3_600_000;

const DAY_MS = 24 * 3_600_000;

export interface Watching {
  readonly subjectOf: (id: string) => RegisteredSubject | undefined;
  /** When it is written. */
  readonly nowMs: number;
}

export interface Judging extends Watching {
  readonly limitsOf: (subject: RegisteredSubject) => readonly LimitRule[];
}

/** Nothing for whatever is no Observation, and for nearly every one that is. */
export function findingsIn(
  resource: Resource,
  { subjectOf, limitsOf, nowMs }: Judging,
): PassedFinding[] {
  const watched = watchedObservation(resource);
  if (watched === undefined) return [];
  const subject = subjectOf(watched.patientId);
  const atMs = measuredAt(watched.time, nowMs);
  if (subject === undefined || atMs === undefined) return [];
  const { id: subjectId, organisationId } = subject;
  const limits = limitsOf(subject);
  return watched.readings.flatMap((reading) => {
    const { metric, value } = reading;
    return brokenBySpot(reading, limits).map((rule): PassedFinding => {
      const alarmId = alarmIdOf(rule.episodeKey, atMs);
      const series = { organisationId, subjectId, metric };
      const { priority } = rule;
      const told = { alarmId, series, rule, priority, openingValue: value, value };
      return { kind: 'passed', ...told, sinceMs: atMs, atMs: nowMs, isWritten: true };
    });
  });
}

/**
 * A moment that has been. Where only the day is known it may be as late as now; where nothing is, it is
 * new. Undefined for what is too long ago, or known to less than a day.
 */
function measuredAt(time: Interval | undefined, nowMs: number): number | undefined {
  if (time === undefined) return nowMs;
  const { fromMs, untilMs } = time;
  const lengthMs = untilMs - fromMs;
  if (lengthMs > DAY_MS) return undefined;
  const atMs = Math.min(nowMs, lengthMs === DAY_MS ? untilMs : fromMs);
  return nowMs - atMs > WATCHED_WITHIN_MS ? undefined : atMs;
}
