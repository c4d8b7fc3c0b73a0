/**
 * What a server holds because the store does not have it yet, counted by hand: what waits for the log,
 * and what the heads hold beyond their chunks. It accounts for no less than this.
 */
import type { LogEntry } from '../../apps/server/src/line/entry.ts';
import type { Telemetry } from '../../apps/server/src/telemetry/telemetry.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

const READING_BYTES = 64;
const SAMPLE_BYTES = 4;

/** Messages that were taken before memory ran out, and waited for a row of theirs. */
const LATE_BYTES_MAX = 20_000;

export function heldBytes(telemetry: Telemetry): number {
  const { heads } = telemetry;
  let bytes = 0;
  for (const head of heads.readings.values()) {
    for (const { stampsMs } of head.unflushed()) bytes += stampsMs.length * READING_BYTES;
  }
  for (const head of heads.waveforms.values()) {
    for (const { samples } of head.unflushed()) bytes += samples.length * SAMPLE_BYTES;
  }
  for (const entry of telemetry.pending()) bytes += bytesOf(entry);
  return bytes;
}

function bytesOf(entry: LogEntry): number {
  if (entry.kind === 'readings') return entry.series.length * READING_BYTES;
  if (entry.kind !== 'waveforms') return 0;
  return entry.runs.reduce((sum, { samples }) => sum + samples.length * SAMPLE_BYTES, 0);
}

/** After each step, where there is so little memory that a story can use it up. */
export function checkMemory(world: World, { telemetry }: Server): void {
  if (!world.isMemoryScant) return;
  const bytes = heldBytes(telemetry);
  if (bytes > world.memoryBytes + LATE_BYTES_MAX)
    world.violate(`${bytes} bytes are held, and there is memory for ${world.memoryBytes}`);
}
