import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { EventKind } from '@ausculta/vitals/event';
import type { Evidence, Explanation } from '../detectors/detection.ts';
import type { RhythmFinding } from '../detectors/rhythm.ts';
import type { FoundScore } from '../detectors/score.ts';
import type { Episode } from '../episode.ts';
import type { Origin, Plan } from './plan.ts';
import type { Kept } from './running.ts';

/** What comes in, in the order of receipt. */
export type Input =
  | MonitorReading
  | Happened
  | {
      readonly kind: 'connection';
      readonly device: string;
      readonly isConnected: boolean;
      readonly atMs: number;
      readonly receivedAtMs: number;
    }
  /** A person has acknowledged the alarm: what latched is over. */
  | { readonly kind: 'answer'; readonly alarm: string; readonly receivedAtMs: number }
  | { readonly kind: 'plan'; readonly plan: Plan; readonly receivedAtMs: number }
  | TakenAway
  | { readonly kind: 'clock'; readonly receivedAtMs: number };

/** What a device measured in a span of corrected time was somebody else's. */
export interface TakenAway {
  readonly kind: 'taken-away';
  readonly device: string;
  readonly fromMs: number;
  /** Infinity while it goes on. */
  readonly untilMs: number;
  readonly receivedAtMs: number;
}

export interface MonitorReading {
  readonly kind: 'reading';
  readonly device: string;
  /** Catalogue key. */
  readonly metric: string;
  /** Corrected time. */
  readonly atMs: number;
  readonly receivedAtMs: number;
  readonly value: number;
  readonly flags: number;
}

export interface Happened {
  readonly kind: 'event';
  readonly what: EventKind | RhythmFinding;
  readonly device: string;
  readonly atMs: number;
  readonly receivedAtMs: number;
  /** Of a rhythm that lasts: its end is another input. */
  readonly phase?: 'begins' | 'ends' | undefined;
  /** Found in a poor signal: told all the same, and that it is doubted (safety S1). */
  readonly isDoubted?: true;
}

/** What goes out. */
export interface Told {
  readonly kind: 'raised' | 'risen' | 'ended' | 'passed';
  /** With `sinceMs` the identity of the alarm. */
  readonly alarm: string;
  readonly rule: string;
  readonly priority: AlarmPriority;
  readonly sinceMs: number;
  /** The receipt that brought it, or when the clock did. */
  readonly atMs: number;
  /** The readings that a raised or risen one rests on: of a score its parts. */
  readonly evidence: readonly Evidence[];
  /** What would have been told, by a rule that only tries out. */
  readonly isShadow?: true;
  readonly isDoubted?: true;
  /** Where no reading has said so. */
  readonly because?: 'protocol-changed' | 'answered' | 'moved';
}

export interface Explained extends Explanation {
  readonly rule: string;
  /** The series, the device, or nothing for the patient as a whole. */
  readonly place: string;
  readonly origin?: Origin;
  /** Of a score: what it comes to now. */
  readonly found?: FoundScore;
}

/** Plain data; what is ahead of its detectors has been given to them. */
export interface MonitorSnapshot {
  readonly heldMs: number;
  readonly watches: Readonly<Record<string, Kept>>;
  readonly episodes: Readonly<Record<string, Episode>>;
  readonly series: readonly SeriesSnapshot[];
}

export interface SeriesSnapshot {
  readonly device: string;
  readonly metric: string;
  /** Null where what was read last was taken away. */
  readonly atMs: number | null;
  readonly value: number;
  readonly flags: number;
}
