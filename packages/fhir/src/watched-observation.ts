/**
 * What an Observation that somebody wrote says of a patient, for whoever watches over them. Nothing has
 * to come back to the letter here: where its meaning is in doubt, it is read so that it calls. What it
 * measures, in which unit and of whom has to be known; else it says nothing of any limit.
 */
import { findUnit, toCanonical } from '@ausculta/vitals/units';
import type { Observation, ObservationComponent, Resource } from '@medplum/fhirtypes';
import { type Interval, readDate } from './date-range.ts';
import { flagsOfComparator, metricOfCode, type ObservedReading } from './observed-metric.ts';
import { parseReference } from './reference.ts';

export interface WatchedObservation {
  /** The id in `subject`, "Patient/{id}", here or under another address. */
  readonly patientId: string;
  readonly readings: readonly ObservedReading[];
  /** Undefined where nothing says when it was. */
  readonly time: Interval | undefined;
}

/** May have been measured: not planned, cancelled, or entered in error. Of an unknown one nobody has said that. */
const MEASURED: readonly string[] = ['final', 'preliminary', 'amended', 'corrected', 'unknown'];

/** Undefined for what is no measurement of a patient. A label of poor quality hides none (safety S1). */
export function watchedObservation(resource: Resource): WatchedObservation | undefined {
  if (resource.resourceType !== 'Observation') return undefined;
  const { status, subject, focus, component = [] } = resource;
  // With a focus it is of somebody or something else: of the child that the patient bears.
  if (!MEASURED.includes(status) || focus !== undefined) return undefined;
  const target = parseReference(subject?.reference ?? '');
  if (target?.type !== 'Patient') return undefined;
  const readings = [resource, ...component].flatMap((part) => readingOf(part) ?? []);
  if (readings.length === 0) return undefined;
  return { patientId: target.id, readings, time: timeOf(resource) };
}

function readingOf(part: Observation | ObservationComponent): ObservedReading | undefined {
  const { valueQuantity, valueInteger } = part;
  const value = valueQuantity?.value ?? valueInteger;
  if (value === undefined) return undefined;
  const named = metricOfCode(part.code);
  if (named === undefined) return undefined;
  const { metric } = named;
  const isAmount = metric.kind === 'numeric' && metric.answers === undefined;
  if (!isAmount) return undefined;
  // Without any unit the code's own is meant: nobody counts a heart rate in something else.
  const { code, unit } = valueQuantity ?? {};
  const given = code === undefined && unit === undefined ? [named.unit] : [code, unit];
  const known = given
    .flatMap(spellings)
    .find((one) => one === metric.unit || findUnit(metric, one));
  const canonical = known === undefined ? undefined : toCanonical(metric, known, value);
  if (!canonical?.ok) return undefined;
  return { metric, value: canonical.value, flags: flagsOfComparator(valueQuantity?.comparator) };
}

/** As it is written, and without what UCUM lets everybody add in braces: "{Beats}/min". */
function spellings(unit: string | undefined): string[] {
  return unit === undefined ? [] : [unit, unit.replace(/\{[^{}]*\}/g, '')];
}

/** When it was; of a span its end, for that is what it tells of last. */
function timeOf(observation: Observation): Interval | undefined {
  const { effectiveDateTime, effectiveInstant, effectivePeriod, effectiveTiming, issued } =
    observation;
  const text =
    effectiveDateTime ??
    effectiveInstant ??
    effectivePeriod?.end ??
    effectiveTiming?.event?.at(-1) ??
    // A period that has not ended goes on.
    (effectivePeriod?.start === undefined ? issued : undefined);
  return text === undefined ? undefined : readDate(text);
}
