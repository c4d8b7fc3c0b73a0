/**
 * Accept: gives each reading of a decoded message its canonical unit, its subject and its series.
 * It judges each reading alone and never looks at history. Implausible values are flagged and go on
 * (safety S2); what cannot be placed becomes a fault beside the rest, for the door to park.
 *
 * It decides synchronously from what is known of the device. Where a row must exist first (a new
 * series, a change of the device's clock), it says so, the caller writes it, and asks again.
 */
import type { ReportedEvent } from '@ausculta/vitals/event';
import { fail } from '@ausculta/vitals/fault';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { findMetric, type NamedMetric } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, isOneSided, type ReportedReading } from '@ausculta/vitals/reading';
import { toCanonical } from '@ausculta/vitals/units';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import {
  type ClockChange,
  type ClockState,
  type ClockStep,
  HELD_EPOCH,
  isInDoubt,
  type MessageTimes,
  RECEIPT_EPOCH,
  readClock,
  shiftOf,
  startClock,
} from './clock.ts';
import type { LogEntry, PartFault, ReadingsEntry, Series } from './entry.ts';

/** A subject as accept needs it: whose compartment, and which partition. */
export interface Placement {
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly partition: number;
}

/** What is known of a device, kept in memory by the registry. */
export interface KnownDevice {
  readonly id: DeviceId;
  clock: ClockState | undefined;
  /** Who wears it at that corrected time. */
  subjectAt(atMs: number): Placement | undefined;
  /** Whether one and the same subject wears it from the one time to the other. */
  isWornThroughout(span: { readonly fromMs: number; readonly toMs: number }): boolean;
  seriesOf(subjectId: SubjectId, metric: Metric, epoch: number): Series | undefined;
}

export interface SeriesWanted {
  readonly placement: Placement;
  readonly metric: Metric;
  readonly epoch: number;
}

/** Rows that have to be written before the message can be placed. */
export interface Needs {
  readonly clockChange: ClockChange | undefined;
  readonly series: readonly SeriesWanted[];
}

export type Accepted =
  | {
      readonly kind: 'placed';
      readonly entries: readonly LogEntry[];
      readonly faults: readonly PartFault[];
    }
  | { readonly kind: 'needs'; readonly needs: Needs; readonly clock: ClockState };

export interface ReadingsMessage {
  readonly readings: readonly ReportedReading[];
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
}

export function acceptReadings(device: KnownDevice, message: ReadingsMessage): Accepted {
  const step = clockAfter(device, timesOf(message.readings, message));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  const placer = new Placer(device, message.receivedMs, faultsOf(step));
  for (let index = 0; index < message.readings.length; index += 1) {
    placer.place(message.readings[index] as ReportedReading, index);
  }
  return placer.done();
}

/** Collects what one message places, subject by subject. */
class Placer {
  readonly #device: KnownDevice;
  readonly #receivedMs: number;
  readonly #entries: LogEntry[] = [];
  readonly #faults: PartFault[];
  readonly #wanted: SeriesWanted[] = [];
  #entry: ReadingsEntry | undefined;
  #entrySubject: SubjectId | undefined;

  constructor(device: KnownDevice, receivedMs: number, faults: PartFault[]) {
    this.#device = device;
    this.#receivedMs = receivedMs;
    this.#faults = faults;
  }

  place(reading: ReportedReading, index: number): void {
    const named = findMetric(reading.metric);
    if (named === undefined || named.metric.kind === 'waveform') {
      this.#faults.push({ index, fault: fail('METRIC_UNKNOWN').fault });
      return;
    }
    const value = canonicalValue(named, reading);
    if (value === undefined) {
      this.#faults.push({ index, fault: fail('UNIT_UNKNOWN', named.metric.key).fault });
      return;
    }
    const clock = this.#device.clock;
    const hasStamp = reading.stampMs !== undefined && clock !== undefined;
    let stampMs = hasStamp
      ? (reading.stampMs as number) + shiftOf(clock as ClockState)
      : this.#receivedMs;
    let epoch = hasStamp ? (clock as ClockState).epoch : RECEIPT_EPOCH;
    const offsetMs = hasStamp ? (clock as ClockState).offsetMs : 0;
    if (hasStamp && isHeld(this.#device, stampMs + offsetMs, this.#receivedMs)) {
      this.#faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
      epoch = HELD_EPOCH;
      stampMs += this.#receivedMs - (clock as ClockState).newestStampMs;
    }
    const placement = this.#device.subjectAt(stampMs + offsetMs);
    if (placement === undefined) {
      this.#faults.push({ index, fault: fail('DEVICE_UNASSIGNED').fault });
      return;
    }
    const series = this.#device.seriesOf(placement.subjectId, named.metric, epoch);
    if (series === undefined) {
      this.#wanted.push({ placement, metric: named.metric, epoch });
      return;
    }
    const entry = this.#entryFor(placement, offsetMs);
    entry.series.push(series);
    entry.stampsMs.push(stampMs);
    entry.values.push(value);
    entry.flags.push(judged(named.metric, value, reading.flags));
  }

  #entryFor(placement: Placement, offsetMs: number): ReadingsEntry {
    const entry = this.#entry;
    if (
      entry !== undefined &&
      this.#entrySubject === placement.subjectId &&
      entry.offsetMs === offsetMs
    ) {
      return entry;
    }
    const started: ReadingsEntry = {
      kind: 'readings',
      partition: placement.partition,
      receivedMs: this.#receivedMs,
      offsetMs,
      series: [],
      stampsMs: [],
      values: [],
      flags: [],
    };
    this.#entry = started;
    this.#entrySubject = placement.subjectId;
    this.#entries.push(started);
    return started;
  }

  done(): Accepted {
    if (this.#wanted.length > 0) {
      const needs = { clockChange: undefined, series: this.#wanted };
      return { kind: 'needs', needs, clock: this.#device.clock as ClockState };
    }
    return { kind: 'placed', entries: this.#entries, faults: this.#faults };
  }
}

/** The value in the catalogue's unit; undefined when the unit does not measure this metric. */
function canonicalValue(named: NamedMetric, reading: ReportedReading): number | undefined {
  const unit = reading.unit ?? named.unit;
  if (unit === named.metric.unit) return reading.value;
  const converted = toCanonical(named.metric, unit, reading.value);
  return converted.ok ? converted.value : undefined;
}

/** Out of the plausible range is a flag, never a reason to refuse; a one-sided bound is no measurement. */
function judged(metric: Metric, value: number, flags: number): number {
  const { low, high } = metric.plausible;
  const inside = value >= low && value <= high;
  return inside || isOneSided(flags) ? flags : flags | FLAG.IMPLAUSIBLE;
}

export interface WaveformsMessage {
  readonly runs: readonly WaveformRun[];
  readonly receivedMs: number;
}

export function acceptWaveforms(device: KnownDevice, message: WaveformsMessage): Accepted {
  const step = clockAfter(device, timesOfRuns(message));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  const clock = step.state;
  const entries: LogEntry[] = [];
  const faults = faultsOf(step);
  const wanted: SeriesWanted[] = [];
  for (const [index, sent] of message.runs.entries()) {
    const run = { ...sent, startMs: sent.startMs + shiftOf(clock) };
    const metric = findMetric(run.metric)?.metric;
    const timeMs = run.startMs + clock.offsetMs;
    const placement = device.subjectAt(timeMs);
    if (metric?.kind !== 'waveform') {
      faults.push({ index, fault: fail('METRIC_UNKNOWN').fault });
    } else if (isHeld(device, timeMs, message.receivedMs)) {
      faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
    } else if (placement === undefined) {
      faults.push({ index, fault: fail('DEVICE_UNASSIGNED').fault });
    } else {
      const series = device.seriesOf(placement.subjectId, metric, clock.epoch);
      if (series === undefined) wanted.push({ placement, metric, epoch: clock.epoch });
      else
        addRun(entries, { series, run, receivedMs: message.receivedMs, offsetMs: clock.offsetMs });
    }
  }
  if (wanted.length > 0) {
    return { kind: 'needs', needs: { clockChange: undefined, series: wanted }, clock };
  }
  return { kind: 'placed', entries, faults };
}

function addRun(
  entries: LogEntry[],
  part: { series: Series; run: WaveformRun; receivedMs: number; offsetMs: number },
): void {
  const last = entries.at(-1);
  if (last?.kind === 'waveforms' && last.series[0]?.subjectId === part.series.subjectId) {
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

export interface EventsMessage {
  readonly events: readonly ReportedEvent[];
  /** Derived from what was sent; the caller has the hash. */
  readonly contentId: string;
  readonly receivedMs: number;
}

export function acceptEvents(device: KnownDevice, message: EventsMessage): Accepted {
  const { receivedMs } = message;
  const step = clockAfter(device, timesOf(message.events, { receivedMs }));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  const entries: LogEntry[] = [];
  const faults = faultsOf(step);
  for (const [index, event] of message.events.entries()) {
    const offsetMs = event.stampMs === undefined ? 0 : step.state.offsetMs + shiftOf(step.state);
    const timeMs = (event.stampMs ?? receivedMs) + offsetMs;
    const placement = device.subjectAt(timeMs);
    if (event.stampMs !== undefined && isHeld(device, timeMs, receivedMs)) {
      faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
      continue;
    }
    if (placement === undefined) {
      faults.push({ index, fault: fail('DEVICE_UNASSIGNED').fault });
      continue;
    }
    const hasSequence = event.boot !== undefined && event.sequence !== undefined;
    const id = hasSequence
      ? `${device.id}/${event.boot}/${event.sequence}`
      : `${message.contentId}/${index}`;
    const { organisationId, subjectId, partition } = placement;
    const place = { partition, organisationId, subjectId, deviceId: device.id };
    entries.push({ kind: 'event', ...place, receivedMs, offsetMs, id, event });
  }
  return { kind: 'placed', entries, faults };
}

/** Whether doubt about the device's clock leaves open who was measured (safety S16). */
function isHeld(device: KnownDevice, timeMs: number, receivedMs: number): boolean {
  const { clock } = device;
  if (clock === undefined || !isInDoubt(clock)) return false;
  return !device.isWornThroughout({ fromMs: timeMs, toMs: receivedMs });
}

/** A device that has sent no time yet keeps a clock nobody has seen: the receipt's. */
const UNSEEN_CLOCK: ClockState = {
  epoch: RECEIPT_EPOCH,
  offsetMs: 0,
  newestStampMs: Number.NEGATIVE_INFINITY,
  suspect: undefined,
};

function clockAfter(device: KnownDevice, times: MessageTimes | undefined): ClockStep {
  if (times === undefined) return { state: device.clock ?? UNSEEN_CLOCK, change: undefined };
  const clock = device.clock;
  return clock === undefined || clock === UNSEEN_CLOCK
    ? startClock(times)
    : readClock(clock, times);
}

/** What is wrong with the message as a whole, before its parts are looked at. */
function faultsOf({ fault }: ClockStep): PartFault[] {
  return fault === undefined ? [] : [{ index: -1, fault }];
}

function needsClock(step: ClockStep, clockChange: ClockChange): Accepted {
  return { kind: 'needs', needs: { clockChange, series: [] }, clock: step.state };
}

/** The newest and the oldest stamp of a message's parts; undefined when none has one. */
function timesOf(
  parts: readonly { readonly stampMs?: number }[],
  message: { readonly receivedMs: number; readonly sentMs?: number | undefined },
): MessageTimes | undefined {
  let newest = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { stampMs } of parts) {
    if (stampMs === undefined) continue;
    if (stampMs > newest) newest = stampMs;
    if (stampMs < oldest) oldest = stampMs;
  }
  if (newest === Number.NEGATIVE_INFINITY) return undefined;
  const times = { newestStampMs: newest, oldestStampMs: oldest, receivedMs: message.receivedMs };
  return message.sentMs === undefined ? times : { ...times, sentMs: message.sentMs };
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
