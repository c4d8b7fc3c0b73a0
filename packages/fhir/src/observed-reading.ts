/**
 * The way back: an Observation that somebody sent, as readings. It becomes readings where nothing is
 * lost by it: what is alike in all Observations of its sender is kept once as a shape
 * (observation-shape.ts), and shape and reading together are what was sent. Anything else stays a
 * document, and this says why.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { toCanonical } from '@ausculta/vitals/units';
import type { Observation, ObservationComponent, Quantity, Reference } from '@medplum/fhirtypes';
import { readTime } from './effective-time.ts';
import { makeShape, type ObservationShape, sentValue } from './observation-shape.ts';
import {
  flagsOf,
  flagsOfComparator,
  isPressurePanel,
  metricOfCode,
  type ObservedReading,
} from './observed-metric.ts';
import { SYSTEM } from './systems.ts';
import { hasValue } from './vital-signs.ts';

/** Why an Observation stays a document. */
export type DocumentReason =
  | 'status'
  | 'code'
  | 'value'
  | 'unit'
  | 'subject'
  | 'effective'
  /** It has an element that differs from one to the next: a note, an identifier, a narrative. */
  | 'element';

export type Verdict =
  | {
      readonly kind: 'readings';
      readonly readings: readonly ObservedReading[];
      readonly stampMs: number;
      /** The id in `subject`, "Patient/{id}". */
      readonly patientId: string;
      readonly device: Reference | undefined;
      readonly shape: ObservationShape;
    }
  | {
      readonly kind: 'document';
      readonly reason: DocumentReason;
      /** What of it is known for sure all the same, so that somebody can watch it. */
      readonly readings: readonly ObservedReading[];
      readonly stampMs: number | undefined;
    };

/** Of an Observation that base R4 takes. */
export function readObservation(observation: Observation): Verdict {
  const time = readTime(observation.effectiveDateTime ?? '');
  const flags = flagsOf(observation);
  const document = (
    reason: DocumentReason,
    readings: readonly ObservedReading[] = [],
  ): Verdict => ({
    ...{ kind: 'document', reason, readings, stampMs: time?.atMs },
  });
  if (flags === undefined) return document('status');
  const measured = measuredIn(observation, flags);
  if (typeof measured === 'string') return document(measured);
  const patientId = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(
    observation.subject?.reference ?? '',
  )?.[1];
  if (patientId === undefined) return document('subject', measured);
  if (time === undefined) return document('effective', measured);
  if (ownElement(observation) !== undefined) return document('element', measured);
  return {
    kind: 'readings',
    readings: measured,
    stampMs: time.atMs,
    patientId,
    device: observation.device,
    shape: makeShape(observation, time.form),
  };
}

type Part = Observation | ObservationComponent;

/** The readings in an Observation: its own value, or a cuff's pressures in its components. */
function measuredIn(observation: Observation, flags: number): ObservedReading[] | DocumentReason {
  const { component = [] } = observation;
  const parts: readonly Part[] = isPressurePanel(observation) ? component : [observation];
  const others = parts === component ? [observation] : component;
  if (others.some(hasAmount)) return 'value';
  const readings: ObservedReading[] = [];
  for (const part of parts) {
    // A pressure that was not measured says so, and that is part of the shape.
    if (parts === component && !hasValue(part)) continue;
    const reading = readingOf(part, flags);
    if (typeof reading === 'string') return reading;
    readings.push(reading);
  }
  const keys = new Set(readings.map(({ metric }) => metric.key));
  if (keys.size !== readings.length) return 'code';
  return readings.length === 0 ? 'value' : readings;
}

/** A number or a text would make a shape of its own for every Observation. */
function hasAmount(part: Part): boolean {
  const key = Object.keys(part).find((one) => /^value[A-Z]/.test(one));
  return key !== undefined && key !== 'valueCodeableConcept' && key !== 'valueBoolean';
}

function readingOf(part: Part, flags: number): ObservedReading | DocumentReason {
  const named = metricOfCode(part.code);
  if (named === undefined) return 'code';
  const { metric } = named;
  if (metric.kind === 'waveform' || metric.kind === 'technical') return 'code';
  if (metric.answers !== undefined) return answerOf(part, metric, flags) ?? 'value';
  const { valueQuantity } = part;
  if (valueQuantity?.value === undefined || part.dataAbsentReason !== undefined) return 'value';
  const value = canonicalOf(metric, valueQuantity);
  if (value === undefined) return 'unit';
  return { metric, value, flags: flags | flagsOfComparator(valueQuantity.comparator) };
}

function answerOf(part: Part, metric: Metric, flags: number): ObservedReading | undefined {
  const codings = part.valueCodeableConcept?.coding ?? [];
  const answer = metric.answers?.find(({ key }) =>
    codings.some(({ system, code }) => system === SYSTEM.ANSWER && code === `${metric.key}/${key}`),
  );
  return answer && { metric, value: answer.value, flags };
}

/** Only where the very number that was sent can be had back. */
function canonicalOf(metric: Metric, quantity: Quantity): number | undefined {
  const { value = Number.NaN, system, code } = quantity;
  if (system !== SYSTEM.UCUM || code === undefined) return undefined;
  const canonical = toCanonical(metric, code, value);
  if (!canonical.ok) return undefined;
  return sentValue(metric, code, canonical.value) === value ? canonical.value : undefined;
}

/** What one sender's Observations share may be in a shape; this is what each has for itself. */
const OWN = ['contained', 'derivedFrom', 'focus', 'hasMember', 'identifier', 'implicitRules'];
OWN.push('issued', 'note', 'specimen', 'text', 'modifierExtension');

function ownElement(observation: Observation): string | undefined {
  const own = Object.keys(observation).find((key) => OWN.includes(key));
  if (own !== undefined) return own;
  const parts: readonly (Part | Quantity)[] = [observation, ...(observation.component ?? [])];
  const extensions = parts.flatMap(({ extension = [] }) => extension);
  return extensions.some((one) => !('valueReference' in one) && !('valueCode' in one))
    ? 'extension'
    : undefined;
}
