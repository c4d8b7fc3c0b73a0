/**
 * The way back: an Observation that somebody sent, as readings, in the very units that we tell them in.
 * Whether that is all that was sent, whole-in.ts says. What is no reading stays a document, and this says why.
 */
import type { Metric } from '@ausculta/vitals/metric';
import type { Observation, ObservationComponent, Quantity, Reference } from '@medplum/fhirtypes';
import { readDate } from './date-range.ts';
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
export type DocumentReason = 'status' | 'code' | 'value' | 'unit' | 'subject' | 'effective';

export type Verdict =
  | {
      readonly kind: 'readings';
      readonly readings: readonly ObservedReading[];
      readonly stampMs: number;
      /** The id in `subject`, "Patient/{id}". */
      readonly patientId: string;
      readonly device: Reference | undefined;
    }
  | { readonly kind: 'document'; readonly reason: DocumentReason };

/** Of an Observation that base R4 takes. */
export function readObservation(observation: Observation): Verdict {
  const { subject, device, effectiveDateTime = '' } = observation;
  const document = (reason: DocumentReason): Verdict => ({ kind: 'document', reason });
  const flags = flagsOf(observation);
  if (flags === undefined) return document('status');
  const readings = measuredIn(observation, flags);
  if (typeof readings === 'string') return document(readings);
  const patientId = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(subject?.reference ?? '')?.[1];
  if (patientId === undefined) return document('subject');
  const stampMs = readStamp(effectiveDateTime);
  if (stampMs === undefined) return document('effective');
  return { kind: 'readings', readings, stampMs, patientId, device };
}

/** To the second, and no finer than a millisecond. */
const STAMP = /T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/;

function readStamp(text: string): number | undefined {
  return STAMP.test(text) ? readDate(text)?.fromMs : undefined;
}

type Part = Observation | ObservationComponent;

/** The readings in an Observation: its own value, or a cuff's pressures in its components. */
function measuredIn(observation: Observation, flags: number): ObservedReading[] | DocumentReason {
  const { component = [] } = observation;
  const parts: readonly Part[] = isPressurePanel(observation) ? component : [observation];
  const readings: ObservedReading[] = [];
  for (const part of parts) {
    // A pressure that was not measured says so.
    if (parts === component && !hasValue(part)) continue;
    const reading = readingOf(part, flags);
    if (typeof reading === 'string') return reading;
    readings.push(reading);
  }
  const keys = new Set(readings.map(({ metric }) => metric.key));
  if (keys.size !== readings.length) return 'code';
  return readings.length === 0 ? 'value' : readings;
}

function readingOf(part: Part, flags: number): ObservedReading | DocumentReason {
  const named = metricOfCode(part.code);
  if (named === undefined) return 'code';
  const { metric } = named;
  if (metric.kind === 'waveform' || metric.kind === 'technical') return 'code';
  if (metric.answers !== undefined) return answerOf(part, metric, flags) ?? 'value';
  const { valueQuantity } = part;
  if (valueQuantity?.value === undefined || part.dataAbsentReason !== undefined) return 'value';
  if (!isCanonical(valueQuantity, metric)) return 'unit';
  const { value, comparator } = valueQuantity;
  return { metric, value, flags: flags | flagsOfComparator(comparator) };
}

function answerOf(part: Part, metric: Metric, flags: number): ObservedReading | undefined {
  const codings = part.valueCodeableConcept?.coding ?? [];
  const answer = metric.answers?.find(({ key }) =>
    codings.some(({ system, code }) => system === SYSTEM.ANSWER && code === `${metric.key}/${key}`),
  );
  return answer && { metric, value: answer.value, flags };
}

function isCanonical({ system, code }: Quantity, { unit }: Metric): boolean {
  return system === SYSTEM.UCUM && code === unit;
}
