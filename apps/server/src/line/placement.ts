/** What accept knows of a device, and what it answers: where each part of a message belongs. */
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { ClockChange, ClockState } from './clock.ts';
import type { LogEntry, PartFault, Series } from './entry.ts';

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
  /**
   * What places a stamp of an epoch in time, as it will be when it is read: one from before the clock was
   * found to be wrong keeps the offset of its own stretch.
   */
  offsetAt(epoch: number, stampMs: number): number;
  /** Who wears it at that corrected time. */
  subjectAt(atMs: number): Placement | undefined;
  /** When somebody begins to wear it, after the one time and before the other, in order. */
  handoversWithin(span: { readonly fromMs: number; readonly toMs: number }): readonly number[];
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
  /** A change of the device's clock, and the clock as it is once that is written. */
  readonly clock: { readonly change: ClockChange; readonly state: ClockState } | undefined;
  readonly series: readonly SeriesWanted[];
}

export type Accepted =
  | {
      readonly kind: 'placed';
      readonly entries: readonly LogEntry[];
      readonly faults: readonly PartFault[];
    }
  | { readonly kind: 'needs'; readonly needs: Needs };
