/**
 * Accept: gives each reading of a decoded message its canonical unit, its subject and its series.
 * It judges each reading alone and never looks at history. Implausible values are flagged and go on
 * (safety S2); what cannot be placed becomes a fault beside the rest, for the door to park.
 *
 * It decides synchronously from what is known of the device. Where a row must exist first (a new
 * series, a change of the device's clock), it says so, the caller writes it, and asks again.
 * Waveforms and events go the same way in files of their own.
 */
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import { findMetric, type NamedMetric } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, isOneSided, type ReportedReading } from '@ausculta/vitals/reading';
import { toCanonical } from '@ausculta/vitals/units';
import { type ClockState, type ClockStep, HELD_EPOCH, RECEIPT_EPOCH, shiftOf } from './clock.ts';
import type { LogEntry, PartFault, ReadingsEntry } from './entry.ts';
import { clockAfter, faultsOf, isHeld, needsClock, timesOf } from './message-clock.ts';
import type { Accepted, KnownDevice, Placement, SeriesWanted } from './placement.ts';
import { unknownMetric } from './unknown-metric.ts';

export interface ReadingsMessage {
  readonly readings: readonly ReportedReading[];
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
}

export function acceptReadings(device: KnownDevice, message: ReadingsMessage): Accepted {
  const step = clockAfter(device, timesOf(message.readings, message));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  return placeReadings(device, step, message);
}

/** By a clock that is known. */
export function placeReadings(
  device: KnownDevice,
  step: ClockStep,
  message: ReadingsMessage,
): Accepted {
  const placer = new Placer(device, step, message);
  for (let index = 0; index < message.readings.length; index += 1) {
    placer.place(message.readings[index] as ReportedReading, index);
  }
  return placer.done();
}

/** Collects what one message places, subject by subject. */
class Placer {
  readonly #device: KnownDevice;
  readonly #clock: ClockState;
  readonly #receivedMs: number;
  readonly #entries: LogEntry[] = [];
  readonly #faults: PartFault[];
  readonly #wanted: SeriesWanted[] = [];
  #entry: ReadingsEntry | undefined;
  #entrySubject: SubjectId | undefined;

  constructor(device: KnownDevice, step: ClockStep, { receivedMs }: ReadingsMessage) {
    this.#device = device;
    this.#clock = step.state;
    this.#receivedMs = receivedMs;
    this.#faults = faultsOf(step);
  }

  place(reading: ReportedReading, index: number): void {
    const named = findMetric(reading.metric);
    if (named === undefined || named.metric.kind === 'waveform') {
      this.#faults.push({ index, fault: unknownMetric(reading.metric) });
      return;
    }
    const value = canonicalValue(named, reading);
    if (value === undefined) {
      this.#faults.push({ index, fault: fail('UNIT_UNKNOWN', named.metric.key).fault });
      return;
    }
    let stampMs = this.#receivedMs;
    let epoch = RECEIPT_EPOCH;
    let offsetMs = 0;
    if (reading.stampMs !== undefined) {
      const clock = this.#clock;
      stampMs = reading.stampMs + shiftOf(clock);
      epoch = clock.epoch;
      offsetMs = this.#device.offsetAt(epoch, stampMs);
      const isDeviceClock = epoch !== RECEIPT_EPOCH;
      if (isDeviceClock && isHeld(this.#device, stampMs + offsetMs, this.#receivedMs)) {
        this.#faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
        epoch = HELD_EPOCH;
        stampMs += this.#receivedMs - clock.newestStampMs;
      }
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
      return { kind: 'needs', needs: { clock: undefined, series: this.#wanted } };
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
