import type { ReportedEvent } from '@ausculta/vitals/event';
import type { Fault } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';

/** One part of a message that could not be read: its position among the parts, from 0. */
export interface PartFault {
  readonly index: number;
  readonly fault: Fault;
}

/** What a message holds. Each part is judged alone: it is a reading or a fault, never neither. */
export interface DecodedReadings {
  readonly readings: readonly ReportedReading[];
  readonly faults: readonly PartFault[];
  /** The device's clock when it sent the message, where it says so. */
  readonly sentMs?: number;
}

export interface DecodedEvents {
  readonly events: readonly ReportedEvent[];
  readonly faults: readonly PartFault[];
  readonly sentMs?: number;
}
