/**
 * Observations as the text that is sent, for answers of hundreds: those of one series differ in their
 * id, their time and their numbers, so the rest is written once. A test holds the text equal to the
 * one that `bundleJson` writes of `toObservations`.
 */
import type { Observation, Quantity } from '@medplum/fhirtypes';
import { valueText } from './json.ts';
import {
  type LinksOf,
  measurementsOf,
  observationIds,
  type PlacedReading,
  shownIn,
  toObservations,
} from './observation.ts';
import { withoutNoise } from './observation-value.ts';

/** An Observation that is a reading, or a cuff's pressures, as it is told. */
export interface ToldObservation {
  readonly id: string;
  readonly timeMs: number;
  readonly text: string;
}

/** As `toObservations`, in its order, each as JSON. */
export function observationTexts(
  readings: readonly PlacedReading[],
  linksOf?: LinksOf,
): ToldObservation[] {
  const templates = new Map<string, readonly string[]>();
  const idOf = observationIds();
  const isoOf = instants();
  return measurementsOf(readings).map((measurement) => {
    const shown = shownIn(measurement);
    const key = templateKey(measurement);
    let template = templates.get(key);
    if (template === undefined) {
      template = templateOf(measurement, linksOf);
      templates.set(key, template);
    }
    const [first] = measurement as [PlacedReading];
    const { timeMs } = first;
    const id = idOf(first);
    let text = `${template[0]}"${id}"${template[1]}"${isoOf(timeMs)}"${template[2]}`;
    for (let hole = 3; hole < template.length; hole++) {
      const { metric, value } = shown[hole - 3] as PlacedReading;
      text += valueText(metric, withoutNoise(metric, value)) + template[hole];
    }
    return { id, timeMs, text };
  });
}

/** What the rest of an Observation depends on; an answer in words is part of it. */
function templateKey(measurement: readonly PlacedReading[]): string {
  const [{ subjectId, deviceId, epoch, timeMs, stampMs }] = measurement as [PlacedReading];
  let key = `${subjectId} ${deviceId} ${epoch} ${timeMs - stampMs}`;
  for (const { metric, flags, value } of measurement) {
    key += ` ${metric.key} ${flags} ${metric.answers === undefined ? '' : value}`;
  }
  return key;
}

/** A letter that no text of ours holds: JSON writes it as "\u0001". */
const HOLE = '\u0001';
const WRITTEN_HOLE = JSON.stringify(HOLE);

/** The pieces around id, time and numbers, which stand in this order. */
function templateOf(measurement: readonly PlacedReading[], linksOf?: LinksOf): readonly string[] {
  const [observation] = toObservations(measurement, linksOf) as [Observation];
  const { component } = observation;
  const holed = {
    ...withHole(observation),
    ...{ id: HOLE, effectiveDateTime: HOLE },
    ...(component && { component: component.map(withHole) }),
  };
  return JSON.stringify(holed).split(WRITTEN_HOLE);
}

function withHole<T extends { readonly valueQuantity?: Quantity }>(part: T): object {
  const { valueQuantity } = part;
  return valueQuantity === undefined
    ? part
    : { ...part, valueQuantity: { ...valueQuantity, value: HOLE } };
}

const MINUTE_MS = 60_000;
const SECONDS = /\d\d\.\d{3}Z$/;

/** Instants as `toISOString` writes them; of a minute all but the seconds is written once. */
function instants(): (ms: number) => string {
  let minute = Number.NaN;
  let before = '';
  return (ms) => {
    const at = Math.trunc(ms);
    const own = Math.floor(at / MINUTE_MS);
    if (own !== minute) {
      before = new Date(own * MINUTE_MS).toISOString().replace(SECONDS, '');
      minute = own;
    }
    const rest = at - own * MINUTE_MS;
    const seconds = Math.floor(rest / 1000);
    const thousandths = rest - seconds * 1000;
    return `${before}${seconds < 10 ? '0' : ''}${seconds}.${String(thousandths).padStart(3, '0')}Z`;
  };
}
