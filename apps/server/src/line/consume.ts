/**
 * Consume: the fold over the log. Each entry, in log order, goes into the head (duplicates end here,
 * before any detector), is evaluated, and is shown. The same entries give the same result whether
 * they come from the accepting process or from a replay after a restart.
 *
 * One broken entry must not stop the others: what throws is handed to `onBroken` and the fold goes on.
 */
import type { Reading } from '@ausculta/vitals/reading';
import { sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import type {
  CareEntry,
  EventEntry,
  LogEntry,
  MovedEntry,
  ReadingsEntry,
  Series,
  WaveformsEntry,
} from './entry.ts';

/** What became of a reading when it met the head of its series. */
export type Insertion = 'new' | 'late' | 'duplicate' | 'correction' | 'conflict';

/** A reading on its way to the detectors. */
export interface Arrival {
  readonly series: Series;
  readonly reading: Reading;
  /** Corrected: when it was measured. */
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly insertion: Exclude<Insertion, 'duplicate'>;
}

/** Samples on their way to who asks whether a waveform still comes. */
export interface RunArrival {
  readonly series: Series;
  /** Corrected: when the last sample was measured. */
  readonly endMs: number;
  readonly receivedMs: number;
}

export interface ConsumePorts {
  readonly insertReading: (series: Series, reading: Reading, offsetMs: number) => Insertion;
  readonly insertRun: (series: Series, run: WaveformRun, offsetMs: number) => void;
  readonly insertEvent: (entry: EventEntry) => void;
  readonly evaluate: (arrival: Arrival) => void;
  readonly watchRun: (arrival: RunArrival) => void;
  readonly watchEvent: (entry: EventEntry) => void;
  readonly watchMove: (entry: MovedEntry) => void;
  readonly watchCare: (entry: CareEntry) => void;
  readonly onBroken: (entry: LogEntry, error: unknown) => void;
}

export function consume(entries: readonly LogEntry[], ports: ConsumePorts): void {
  for (const entry of entries) {
    try {
      consumeEntry(entry, ports);
    } catch (error) {
      ports.onBroken(entry, error);
    }
  }
}

function consumeEntry(entry: LogEntry, ports: ConsumePorts): void {
  switch (entry.kind) {
    case 'readings':
      consumeReadings(entry, ports);
      break;
    case 'waveforms':
      consumeRuns(entry, ports);
      break;
    case 'event':
      if (entry.isHeld !== true) ports.insertEvent(entry);
      ports.watchEvent(entry);
      break;
    case 'moved':
      ports.watchMove(entry);
      break;
    case 'care':
      ports.watchCare(entry);
      break;
    default:
      entry satisfies never;
  }
}

function consumeReadings(entry: ReadingsEntry, ports: ConsumePorts): void {
  const { offsetMs, receivedMs } = entry;
  for (let i = 0; i < entry.series.length; i += 1) {
    const series = entry.series[i] as Series;
    const reading: Reading = {
      stampMs: entry.stampsMs[i] as number,
      value: entry.values[i] as number,
      flags: entry.flags[i] as number,
    };
    const insertion = ports.insertReading(series, reading, offsetMs);
    if (insertion === 'duplicate') continue;
    const timeMs = reading.stampMs + offsetMs;
    ports.evaluate({ series, reading, timeMs, receivedMs, insertion });
  }
}

function consumeRuns(entry: WaveformsEntry, ports: ConsumePorts): void {
  for (let i = 0; i < entry.runs.length; i += 1) {
    const series = entry.series[i] as Series;
    const run = entry.runs[i] as WaveformRun;
    ports.insertRun(series, run, entry.offsetMs);
    const endMs = run.startMs + sampleOffsetMs(run.rate, run.samples.length) + entry.offsetMs;
    ports.watchRun({ series, endMs, receivedMs: entry.receivedMs });
  }
}
