/** The head of every series, and the counter that tells live sockets what has changed since they looked. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Reading } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Insertion } from '../line/consume.ts';
import type { Series } from '../line/entry.ts';
import { PartitionSums } from './partition-sums.ts';
import { ReadingHead } from './reading-head.ts';
import { WaveformHead } from './waveform-head.ts';

export interface SubjectHeads {
  readonly readings: ReadingHead[];
  readonly waveforms: WaveformHead[];
}

export class Heads {
  readonly readings = new Map<number, ReadingHead>();
  readonly waveforms = new Map<number, WaveformHead>();
  readonly #bySubject = new Map<SubjectId, SubjectHeads>();
  /** Counts every change of any head. */
  changes = 0;
  /** Counts the flushes that have let go of what their chunks hold. */
  flushes = 0;
  /** Readings and samples that no chunk holds yet. */
  readonly unflushed = new PartitionSums();

  forget(subjectId: SubjectId): void {
    for (const [id, { series }] of this.readings) {
      if (series.subjectId === subjectId) this.readings.delete(id);
    }
    for (const [id, { series }] of this.waveforms) {
      if (series.subjectId === subjectId) this.waveforms.delete(id);
    }
    this.#bySubject.delete(subjectId);
    this.changes += 1;
  }

  /** Corrected: when the newest of a series was measured, as far as that is known. */
  newestMs({ id }: Series): number | undefined {
    const run = this.waveforms.get(id)?.recent.at(-1);
    return run === undefined ? this.readings.get(id)?.last?.timeMs : run.run.startMs + run.offsetMs;
  }

  /** What is known last of a series is another subject's: until it is known anew, nothing is. */
  conceal({ id }: Series): void {
    this.readings.get(id)?.conceal();
    this.waveforms.get(id)?.conceal();
    this.changes += 1;
  }

  ofSubject(subjectId: SubjectId): SubjectHeads {
    let heads = this.#bySubject.get(subjectId);
    if (heads === undefined) {
      heads = { readings: [], waveforms: [] };
      this.#bySubject.set(subjectId, heads);
    }
    return heads;
  }

  readingHead(series: Series): ReadingHead {
    let head = this.readings.get(series.id);
    if (head === undefined) {
      head = new ReadingHead(series);
      this.readings.set(series.id, head);
      // What is held for a person is no number of the subject's, on no screen.
      if (series.epoch !== HELD_EPOCH) this.ofSubject(series.subjectId).readings.push(head);
    }
    return head;
  }

  waveformHead(series: Series): WaveformHead {
    let head = this.waveforms.get(series.id);
    if (head === undefined) {
      head = new WaveformHead(series);
      this.waveforms.set(series.id, head);
      this.ofSubject(series.subjectId).waveforms.push(head);
    }
    return head;
  }

  insertReading = (series: Series, reading: Reading, offsetMs: number): Insertion => {
    const head = this.readingHead(series);
    const insertion = head.insert(reading, offsetMs);
    if (insertion !== 'duplicate') {
      this.changes += 1;
      this.unflushed.add(series.partition, 1);
      head.changed = this.changes;
    }
    return insertion;
  };

  insertRun = (series: Series, run: WaveformRun, offsetMs: number): void => {
    const head = this.waveformHead(series);
    this.changes += 1;
    if (head.insert(run, { offsetMs, changed: this.changes }))
      this.unflushed.add(series.partition, run.samples.length);
  };
}
