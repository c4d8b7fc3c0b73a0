import type { ReportedEvent } from '@ausculta/vitals/event';
import type { Fault } from '@ausculta/vitals/fault';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { GivenPlan } from './given-plan.ts';

/** Fixed for the life of an installation: a hash of (organisation, subject) chooses one. */
export const PARTITIONS = 256;

/** All readings of one metric, of one subject, by one device, in one clock epoch. */
export interface Series {
  /** A 53-bit integer; an id, never an order. */
  readonly id: number;
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly partition: number;
  readonly deviceId: DeviceId;
  readonly metric: Metric;
  readonly epoch: number;
}

/**
 * What one message of one device brought for one subject. Columns rather than objects: this is made
 * for every message, and read by every consumer.
 */
export interface ReadingsEntry {
  readonly kind: 'readings';
  readonly partition: number;
  readonly receivedMs: number;
  /** The clock offset in force: measured time = stamp + offset. Kept, so that a replay is the same. */
  readonly offsetMs: number;
  readonly series: Series[];
  readonly stampsMs: number[];
  readonly values: number[];
  readonly flags: number[];
}

export interface WaveformsEntry {
  readonly kind: 'waveforms';
  readonly partition: number;
  readonly receivedMs: number;
  readonly offsetMs: number;
  /** One for each run, in order. */
  readonly series: Series[];
  readonly runs: WaveformRun[];
}

export interface EventEntry {
  readonly kind: 'event';
  readonly partition: number;
  readonly receivedMs: number;
  readonly offsetMs: number;
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly deviceId: DeviceId;
  /** Derived: device + boot + sequence, else a hash of what the device sent. */
  readonly id: string;
  readonly event: ReportedEvent;
  /** Nobody knows when, and so of whom, it was: it calls where the device is, and is in no record. */
  readonly isHeld?: true;
}

/**
 * What a device measured in [fromMs, untilMs) of corrected time is another subject's than was thought.
 * It stands in the log behind the last reading that was placed by the old history, in the partition of
 * who had them: what the detectors remember of these readings ends here, live and in a replay.
 */
export interface MovedEntry {
  readonly kind: 'moved';
  readonly partition: number;
  readonly receivedMs: number;
  readonly offsetMs: number;
  /** Derived from the order: the same move twice is one. */
  readonly id: string;
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly toSubjectId: SubjectId;
  readonly deviceId: DeviceId;
  readonly fromMs: number;
  /** Infinity while it goes on. */
  readonly untilMs: number;
}

/**
 * What people have decided about who is watched: another plan, or an answer to an alarm that lasts until
 * one. It holds from its place in the log on, so that a replay judges each reading by what held then.
 */
export interface CareEntry {
  readonly kind: 'care';
  readonly partition: number;
  readonly receivedMs: number;
  readonly offsetMs: number;
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly act:
    | { readonly kind: 'plan'; readonly given: GivenPlan }
    | { readonly kind: 'answer'; readonly alarm: string };
}

/** What the log holds, in the order in which it was accepted. */
export type LogEntry = ReadingsEntry | WaveformsEntry | EventEntry | MovedEntry | CareEntry;

/** The index of a fault that concerns a message as a whole. */
export const WHOLE_MESSAGE = -1;

/** One part of a message that could not be placed; `index` is its position, or WHOLE_MESSAGE. */
export interface PartFault {
  readonly index: number;
  readonly fault: Fault;
}

/** Appends entries as one and calls back once they are durable, or with the fault that kept them out. */
export type Append = (
  entries: readonly LogEntry[],
  onDurable: (fault: Fault | undefined) => void,
) => void;
