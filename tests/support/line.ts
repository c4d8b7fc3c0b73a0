/** What the line's own tests are made of: a series, a device that knows it, entries, arrivals. */

import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Arrival } from '../../apps/server/src/line/consume.ts';
import type { ReadingsEntry, Series } from '../../apps/server/src/line/entry.ts';
import type { KnownDevice, Placement } from '../../apps/server/src/line/placement.ts';

export const NOON = Date.UTC(2026, 0, 15, 12);

export const ORGANISATION = '00000000-0000-4000-8000-000000000001' as OrganisationId;

export function subjectId(number: number): SubjectId {
  return `00000000-0000-4000-9000-${String(number).padStart(12, '0')}` as SubjectId;
}

export interface SeriesSample {
  readonly id: number;
  readonly metric?: string;
  readonly subject?: number;
  readonly device?: string;
  readonly epoch?: number;
}

export function seriesSample(sample: SeriesSample): Series {
  const { id, metric = 'heart-rate', subject = 1, device = 'monitor-1', epoch = 1 } = sample;
  return {
    id,
    organisationId: ORGANISATION,
    subjectId: subjectId(subject),
    partition: subject % 256,
    deviceId: device as DeviceId,
    metric: metricOf(metric),
    epoch,
  };
}

/** A device that knows its wearers by a function and has every series that it is asked for. */
export function deviceSample(
  wearerAt: (atMs: number) => number | undefined = () => 1,
): KnownDevice & { readonly series: Series[] } {
  const series: Series[] = [];
  return {
    id: 'monitor-1' as DeviceId,
    clock: { epoch: 1, offsetMs: 0, newestStampMs: NOON - 1000, suspect: undefined },
    series,
    offsetAt() {
      return this.clock?.offsetMs ?? 0;
    },
    subjectAt(atMs): Placement | undefined {
      const subject = wearerAt(atMs);
      if (subject === undefined) return undefined;
      const { organisationId, subjectId: id, partition } = seriesSample({ id: 0, subject });
      return { organisationId, subjectId: id, partition };
    },
    handoversWithin: ({ fromMs, toMs }) => {
      const times = Array.from({ length: Math.ceil(toMs) - fromMs }, (_, ms) => fromMs + ms);
      return times.filter((atMs) => atMs > fromMs && wearerAt(atMs) !== wearerAt(atMs - 1));
    },
    isWornThroughout: ({ fromMs, toMs }) =>
      wearerAt(fromMs) !== undefined && wearerAt(fromMs) === wearerAt(toMs),
    seriesOf(id, metric, epoch) {
      const known = series.find(
        (s) => s.subjectId === id && s.metric === metric && s.epoch === epoch,
      );
      if (known !== undefined) return known;
      const subject = Number(id.slice(-12));
      const made = seriesSample({ id: series.length + 1, metric: metric.key, subject, epoch });
      series.push(made);
      return made;
    },
  };
}

/** One message: a value of one series, received as it was measured unless said otherwise. */
export function readingsEntry(
  series: Series,
  reading: {
    stampMs: number;
    value: number;
    flags?: number;
    receivedMs?: number;
    offsetMs?: number;
  },
): ReadingsEntry {
  const { stampMs, value, flags = 0, offsetMs = 0, receivedMs = stampMs + offsetMs } = reading;
  return {
    kind: 'readings',
    partition: series.partition,
    receivedMs,
    offsetMs,
    series: [series],
    stampsMs: [stampMs],
    values: [value],
    flags: [flags],
  };
}

export function arrivalOf(
  series: Series,
  reading: { stampMs: number; value: number; receivedMs?: number; flags?: number },
): Arrival {
  const { stampMs, value, receivedMs = stampMs, flags = 0 } = reading;
  return {
    series,
    reading: { stampMs, value, flags },
    timeMs: stampMs,
    receivedMs,
    insertion: 'new',
  };
}

export function runSample(run: Partial<WaveformRun> & { startMs: number }): WaveformRun {
  return {
    metric: 'ecg-ii',
    rate: { numerator: 100, denominator: 1 },
    samples: Int32Array.from({ length: 10 }, (_, i) => i),
    gain: 200,
    zero: 0,
    flags: 0,
    ...run,
  };
}

/** The numbers from `from` on. */
export function ramp(from: number, length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => from + i);
}
