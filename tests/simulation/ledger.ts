/**
 * What the devices know: everything that was measured, where a server placed it, and what a server
 * has promised to keep. No two readings of a device have one value, so each is known wherever it is
 * found.
 */
import { createHash } from 'node:crypto';
import type { AlarmView } from '@ausculta/contract/alarms';
import { HELD_EPOCH } from '../../apps/server/src/line/clock.ts';
import type { LogEntry } from '../../apps/server/src/line/entry.ts';
import type { Life } from './scheduler.ts';

export interface Place {
  readonly subjectId: string;
  /** Of an event: none. */
  readonly seriesId: number | undefined;
  readonly stampMs: number;
}

export function contentIdOf(deviceId: string, bytes: Uint8Array): string {
  return createHash('sha256').update(deviceId).update('\0').update(bytes).digest('base64url');
}

/** One thing that a device sent: a reading, a run of samples, an event, or what nobody can decode. */
export interface Fact {
  readonly key: string;
  readonly kind: 'reading' | 'run' | 'event' | 'nonsense';
  readonly deviceId: string;
  /** Of its message, as a server names it. */
  readonly contentId: string;
  /** By a clock that is always right. */
  readonly trueMs: number;
  readonly samples: number;
  /** Wherever a server has placed it; it may be sent to several. */
  readonly places: Place[];
  /** A part of its message was parked for a person, at least once. */
  isParked: boolean;
  isPromised: boolean;
  /** Whose it was has been erased since. */
  isLost: boolean;
  /** Another value for the same stamp, sent once this one had been heard of. */
  correction: Fact | undefined;
}

export interface SeenAlarm {
  readonly subjectId: string;
  readonly id: string;
  readonly openedMs: number;
  /** In which it was told last. */
  readonly life: Life;
}

export const readingKey = (deviceId: string, metric: string, value: number): string =>
  `${deviceId} ${metric} ${value}`;
export const SAMPLES_PER_RUN = 25;

/** Runs are joined and cut: each is known by its first sample, a multiple of how many it has. */
export const runKey = (deviceId: string, sample: number): string =>
  `${deviceId} run ${sample - (sample % SAMPLES_PER_RUN)}`;
export const eventKey = (id: string): string => `event ${id}`;

export class Ledger {
  readonly facts = new Map<string, Fact>();
  readonly alarms = new Map<string, SeenAlarm>();
  promised = 0;

  note(fact: Omit<Fact, 'places' | 'isParked' | 'isPromised' | 'isLost' | 'correction'>): Fact {
    const noted: Fact = {
      ...fact,
      places: [],
      isParked: false,
      isPromised: false,
      isLost: false,
      correction: undefined,
    };
    this.facts.set(fact.key, noted);
    return noted;
  }

  promise(facts: readonly Fact[], { isParked }: { readonly isParked: boolean }): void {
    for (const fact of facts) {
      if (isParked) fact.isParked = true;
      if (!fact.isPromised) this.promised += 1;
      fact.isPromised = true;
    }
  }

  /** Accept has placed these, and they are on their way to the log. */
  notePlaced(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.kind === 'moved' || entry.kind === 'care') continue;
      if (entry.kind === 'event') {
        // It calls, and is in no record.
        if (entry.isHeld === true) continue;
        const stampMs = (entry.event.stampMs ?? entry.receivedMs) + entry.offsetMs;
        this.#place(eventKey(entry.id), {
          subjectId: entry.subjectId,
          seriesId: undefined,
          stampMs,
        });
        continue;
      }
      for (const [
        i,
        { id: seriesId, subjectId, deviceId, metric, epoch },
      ] of entry.series.entries()) {
        const run = entry.kind === 'waveforms' ? entry.runs[i] : undefined;
        const key =
          entry.kind === 'readings'
            ? readingKey(deviceId, metric.key, entry.values[i] as number)
            : runKey(deviceId, run?.samples[0] as number);
        const stampMs = entry.kind === 'readings' ? entry.stampsMs[i] : run?.startMs;
        if (epoch !== HELD_EPOCH)
          this.#place(key, { subjectId, seriesId, stampMs: stampMs as number });
      }
    }
  }

  #place(key: string, place: Place): void {
    const { places } = this.#fact(key);
    const isKnown = places.some(
      ({ seriesId, stampMs, subjectId }) =>
        seriesId === place.seriesId && stampMs === place.stampMs && subjectId === place.subjectId,
    );
    if (!isKnown) places.push(place);
  }

  #fact(key: string): Fact {
    const fact = this.facts.get(key);
    if (fact === undefined) throw new Error(`accepted what nobody has measured: ${key}`);
    return fact;
  }

  noteAlarm({ subjectId, id, openedMs, notYetStored }: AlarmView, life: Life): void {
    if (!life.isAlive) return;
    const key = `${subjectId}/${id}`;
    // Of what may never have become durable there is no promise beyond this life.
    if (!notYetStored) this.alarms.set(key, { subjectId, id, openedMs, life });
  }
}
