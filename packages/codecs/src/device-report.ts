import type { ReportedEvent } from '@ausculta/vitals/event';
import type { Fault } from '@ausculta/vitals/fault';
import { findMetric } from '@ausculta/vitals/lookup';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import type { Building } from './building.ts';
import type { PartFault } from './decoded.ts';
import type { MdcNumber } from './mdc-float.ts';

/** A reading with what a device's own protocol knows beyond every other's. */
export interface DeviceReading extends ReportedReading {
  /** The slot of a device that several people share (safety S16). Absent: none, or not known. */
  readonly userSlot?: number;
  /** What the device numbers its stored records by. */
  readonly sequence?: number;
}

/** What one message of a device means in our own words. */
export interface DeviceReport {
  readonly readings: readonly DeviceReading[];
  readonly events: readonly ReportedEvent[];
  readonly faults: readonly PartFault[];
  /**
   * Whether the sensor is on the person, where the message says so. It is a state, told again and
   * again: whoever hears it makes an event of its edges.
   */
  readonly contact?: 'on' | 'off';
}

/** Everything a measurement says beside its value. */
export interface Measurement {
  readonly metric: string;
  readonly unit?: string;
  readonly stampMs?: number | undefined;
  readonly flags?: number;
  readonly userSlot?: number | undefined;
  readonly sequence?: number | undefined;
}

/** Collects a report; indexes count measurements, good and bad. */
export class ReportBuilder {
  readonly readings: DeviceReading[] = [];
  readonly events: ReportedEvent[] = [];
  readonly faults: PartFault[] = [];
  #index = 0;

  /**
   * Takes a value in (safety S2): an infinity is one-sided, its bound the edge of what the metric's
   * sensors can say. NaN is a device's way of saying that it did not measure: a gap, and no fault.
   */
  add(value: MdcNumber, measurement: Measurement): void {
    const index = this.#index++;
    const flags = measurement.flags ?? 0;
    if (typeof value === 'number') {
      this.readings.push(reading(value, flags, measurement));
    } else if (value === '+INF' || value === '-INF') {
      const side = value === '+INF' ? FLAG.ABOVE : FLAG.BELOW;
      this.#beyond(index, side, { ...measurement, flags });
    } else if (value !== 'NaN') {
      this.faults.push({
        index,
        fault: { code: 'VALUE_NOT_FINITE', detail: 'no number was sent' },
      });
    }
  }

  /** A value that the device could only bound: its own number where it gave one. */
  addOneSided(value: MdcNumber | undefined, side: number, measurement: Measurement): void {
    const flags = (measurement.flags ?? 0) | side;
    if (typeof value === 'number') this.add(value, { ...measurement, flags });
    else this.#beyond(this.#index++, side, measurement);
  }

  #beyond(index: number, side: number, measurement: Measurement): void {
    const named = findMetric(measurement.metric);
    if (named === undefined) {
      this.faults.push({ index, fault: { code: 'METRIC_UNKNOWN' } });
      return;
    }
    const { plausible, unit } = named.metric;
    const bound = side === FLAG.ABOVE ? plausible.high : plausible.low;
    const flags = (measurement.flags ?? 0) | side;
    this.readings.push(reading(bound, flags, { ...measurement, unit }));
  }

  fault(fault: Fault): void {
    this.faults.push({ index: this.#index++, fault });
  }

  report(contact?: 'on' | 'off'): DeviceReport {
    const { readings, events, faults } = this;
    return contact === undefined
      ? { readings, events, faults }
      : { readings, events, faults, contact };
  }
}

function reading(value: number, flags: number, measurement: Measurement): DeviceReading {
  const { metric, unit, stampMs, userSlot, sequence } = measurement;
  const made: Building<DeviceReading> = { metric, value, flags };
  if (unit !== undefined) made.unit = unit;
  if (stampMs !== undefined) made.stampMs = stampMs;
  if (userSlot !== undefined) made.userSlot = userSlot;
  if (sequence !== undefined) made.sequence = sequence;
  return made;
}

/** A factor between units without the dust of binary fractions: 0.0012 kg/L is 120 mg/dL. */
export function times(value: MdcNumber, factor: number): MdcNumber {
  return typeof value === 'number' ? Number((value * factor).toPrecision(12)) : value;
}
