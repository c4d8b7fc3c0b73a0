/** What of the recent waveforms goes into a frame: all of a sweep for a snapshot, else what is new. */
import { SNAPSHOT_WAVEFORM_MS } from '@ausculta/contract/live';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { endOf, joinRuns, type Segment } from '../telemetry/waveform-head.ts';

/** Runs for a socket that was sent every change up to `seen`; a negative one owes it a snapshot. */
export function runsSince(seen: number, recent: readonly Segment[]): WaveformRun[] {
  return placedRuns(seen < 0 ? tail(recent) : newer(recent, seen));
}

/** The last sweep's worth of a waveform. */
function tail(recent: readonly Segment[]): Segment[] {
  const last = recent.at(-1);
  if (last === undefined) return [];
  const fromMs = endOf(last.run) - SNAPSHOT_WAVEFORM_MS;
  return recent.filter(({ run }) => endOf(run) >= fromMs);
}

function newer(recent: readonly Segment[], than: number): Segment[] {
  let from = recent.length;
  while (from > 0 && (recent[from - 1] as Segment).changed > than) from -= 1;
  return recent.slice(from);
}

/** In corrected time, joined where they continue each other, starts in whole milliseconds. */
function placedRuns(segments: readonly Segment[]): WaveformRun[] {
  const placed = segments.map(({ run, offsetMs }) => ({ ...run, startMs: run.startMs + offsetMs }));
  return joinRuns(placed).map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
}
