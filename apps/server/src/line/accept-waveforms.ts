/**
 * Accept, for waveforms: each run has a subject and a series, and goes to the log as it came. Where a device
 * goes from one to another within a run, it is cut there: each has what was measured of them.
 */
import { fail } from '@ausculta/vitals/fault';
import { findMetric } from '@ausculta/vitals/lookup';
import { sampleIndexFrom, sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import { type ClockStep, shiftOf } from './clock.ts';
import type { MessageTimes } from './clock-lag.ts';
import type { LogEntry, Series } from './entry.ts';
import { clockAfter, faultsOf, isHeld, needsClock } from './message-clock.ts';
import type { Accepted, KnownDevice, Placement, SeriesWanted } from './placement.ts';
import { unknownMetric } from './unknown-metric.ts';

export interface WaveformsMessage {
  readonly runs: readonly WaveformRun[];
  readonly receivedMs: number;
}

export function acceptWaveforms(device: KnownDevice, message: WaveformsMessage): Accepted {
  const step = clockAfter(device, timesOfRuns(message));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  return placeWaveforms(device, step, message);
}

/** By a clock that is known. */
export function placeWaveforms(
  device: KnownDevice,
  step: ClockStep,
  message: WaveformsMessage,
): Accepted {
  const clock = step.state;
  const entries: LogEntry[] = [];
  const faults = faultsOf(step);
  const wanted: SeriesWanted[] = [];
  for (const [index, sent] of message.runs.entries()) {
    const run = { ...sent, startMs: sent.startMs + shiftOf(clock) };
    const metric = findMetric(run.metric)?.metric;
    const offsetMs = device.offsetAt(clock.epoch, run.startMs);
    const timeMs = run.startMs + offsetMs;
    const placement = device.subjectAt(timeMs);
    if (metric?.kind !== 'waveform') {
      faults.push({ index, fault: unknownMetric(sent.metric) });
    } else if (isHeld(device, timeMs, message.receivedMs)) {
      faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
    } else if (placement === undefined) {
      faults.push({ index, fault: fail('DEVICE_UNASSIGNED').fault });
    } else {
      for (const part of partsOf(device, { run, placement, timeMs })) {
        const series = device.seriesOf(part.placement.subjectId, metric, clock.epoch);
        if (series === undefined)
          wanted.push({ placement: part.placement, metric, epoch: clock.epoch });
        else addRun(entries, { series, run: part.run, receivedMs: message.receivedMs, offsetMs });
      }
    }
  }
  if (wanted.length > 0) {
    return { kind: 'needs', needs: { clock: undefined, series: wanted } };
  }
  return { kind: 'placed', entries, faults };
}

interface PlacedRun {
  readonly run: WaveformRun;
  readonly placement: Placement;
}

/** What of a run is whose; after whoever takes a device off, it stays theirs until somebody wears it. */
function partsOf(
  device: KnownDevice,
  { run, placement: first, timeMs }: PlacedRun & { readonly timeMs: number },
): readonly PlacedRun[] {
  const { rate, samples } = run;
  const toMs = timeMs + sampleOffsetMs(rate, samples.length);
  const parts: PlacedRun[] = [];
  let [from, placement] = [0, first];
  const end = (until: number): void => {
    if (from === until) return;
    const startMs = Math.round(run.startMs + sampleOffsetMs(rate, from));
    parts.push({ run: { ...run, startMs, samples: samples.subarray(from, until) }, placement });
    from = until;
  };
  for (const atMs of device.handoversWithin({ fromMs: timeMs, toMs })) {
    const next = device.subjectAt(atMs);
    if (next === undefined || next.subjectId === placement.subjectId) continue;
    end(Math.min(samples.length, sampleIndexFrom(rate, atMs - timeMs)));
    placement = next;
  }
  if (parts.length === 0 && placement === first) return [{ run, placement }];
  end(samples.length);
  return parts;
}

function addRun(
  entries: LogEntry[],
  part: { series: Series; run: WaveformRun; receivedMs: number; offsetMs: number },
): void {
  const last = entries.at(-1);
  if (
    last?.kind === 'waveforms' &&
    last.series[0]?.subjectId === part.series.subjectId &&
    last.offsetMs === part.offsetMs
  ) {
    last.series.push(part.series);
    last.runs.push(part.run);
    return;
  }
  entries.push({
    kind: 'waveforms',
    partition: part.series.partition,
    receivedMs: part.receivedMs,
    offsetMs: part.offsetMs,
    series: [part.series],
    runs: [part.run],
  });
}

/** A run is as new as its last sample. */
function timesOfRuns(message: WaveformsMessage): MessageTimes | undefined {
  let newest = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { startMs, rate, samples } of message.runs) {
    const endMs = Math.round(startMs + (samples.length * 1000 * rate.denominator) / rate.numerator);
    if (endMs > newest) newest = endMs;
    if (startMs < oldest) oldest = startMs;
  }
  if (newest === Number.NEGATIVE_INFINITY) return undefined;
  return { newestStampMs: newest, oldestStampMs: oldest, receivedMs: message.receivedMs };
}
