/**
 * What is alike in all Observations that one sender makes of one metric: codes and their displays,
 * units, device, performer, profile. With a reading's time and numbers it is the Observation again, to
 * the letter; its key tells whether it is known already, so that it is stored once.
 */
import type { Metric } from '@ausculta/vitals/metric';
import { findUnit } from '@ausculta/vitals/units';
import type { Observation, Quantity } from '@medplum/fhirtypes';
import { type TimeForm, writeTime } from './effective-time.ts';
import type { ObservedReading } from './observed-metric.ts';
import { sha256Hex } from './sha-256.ts';

export interface ObservationShape {
  /** The Observation without id, version, time and numbers. */
  readonly rest: Observation;
  readonly time: TimeForm;
}

export function makeShape(observation: Observation, time: TimeForm): ObservationShape {
  const { id: _, effectiveDateTime: _time, meta, component, ...same } = observation;
  const { versionId: _version, lastUpdated: _updated, ...labels } = meta ?? {};
  const rest: Observation = {
    ...withoutNumber(same),
    ...(Object.keys(labels).length > 0 && { meta: labels }),
    ...(component && { component: component.map(withoutNumber) }),
  };
  return { rest, time };
}

/** The same for the same shape, in whatever order its elements were written. */
export function shapeKey(shape: ObservationShape): string {
  return sha256Hex(JSON.stringify(sorted(shape))).slice(0, 32);
}

/** Back to what was sent. The readings are in the order in which `readObservation` gave them. */
export function fillShape(
  { rest, time }: ObservationShape,
  atMs: number,
  readings: readonly Pick<ObservedReading, 'metric' | 'value'>[],
): Observation {
  const waiting = [...readings];
  const filled = <T extends { readonly valueQuantity?: Quantity }>(part: T): T => {
    const { valueQuantity } = part;
    // Whatever amount a shape has is one that a reading fills.
    const reading = valueQuantity && waiting.shift();
    if (reading === undefined) return part;
    const value = sentValue(reading.metric, valueQuantity?.code ?? '', reading.value);
    return { ...part, valueQuantity: { ...valueQuantity, value } };
  };
  const { component } = rest;
  return {
    ...filled(rest),
    effectiveDateTime: writeTime({ atMs, form: time }),
    ...(component && { component: component.map(filled) }),
  };
}

/** A canonical value in the unit that it was sent in. */
export function sentValue(metric: Metric, unit: string, canonical: number): number | undefined {
  if (unit === metric.unit) return canonical;
  const found = findUnit(metric, unit);
  if (found === undefined) return undefined;
  if (found.factor === 1 && found.offset === 0) return canonical;
  return Number(((canonical - found.offset) / found.factor).toPrecision(12));
}

function withoutNumber<T extends { readonly valueQuantity?: Quantity }>(part: T): T {
  const { valueQuantity } = part;
  if (valueQuantity?.value === undefined) return part;
  const { value: _, ...unit } = valueQuantity;
  return { ...part, valueQuantity: unit };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
