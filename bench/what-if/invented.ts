// Invented patients, as they would be stored: blocks of readings, each with its least and greatest value. Walks
// that are the same on every machine, with spells of low oxygen and of a fast heart; nobody is like this.

import { CHUNK_READINGS_MAX } from '../../apps/server/src/telemetry/chunk-cuts.ts';
import { zstd } from '../../apps/server/src/telemetry/zstd.ts';
import { encodeReadings, type ReadingColumns } from '../../packages/blocks/src/readings-block.ts';
import { expect } from '../../packages/vitals/src/expect.ts';

export const START_MS = 1_772_352_000_000;

export interface StoredBlock {
  readonly metric: string;
  readonly count: number;
  readonly rollUp: { readonly low: number; readonly high: number; readonly flags: number };
  readonly bytes: Uint8Array;
}

interface Walk {
  readonly metric: string;
  readonly from: number;
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** What a spell adds, and how much of the time is one. */
  readonly spell: number;
  readonly share: number;
}

/** Five metrics, three of which a change of SpO2 and of the heart rate is about. */
export const WALKS: readonly Walk[] = [
  { metric: 'heart-rate', from: 82, low: 55, high: 115, step: 1, spell: 25, share: 0.02 },
  { metric: 'pulse-rate-oximeter', from: 82, low: 55, high: 115, step: 1, spell: 25, share: 0.02 },
  { metric: 'spo2', from: 95, low: 92, high: 99, step: 1, spell: -6, share: 0.03 },
  { metric: 'resp-rate', from: 16, low: 11, high: 23, step: 1, spell: 0, share: 0 },
  { metric: 'body-temperature', from: 36.9, low: 36.2, high: 38.2, step: 0.1, spell: 0, share: 0 },
];

export interface Stay {
  readonly seed: number;
  readonly readings: number;
  readonly everyMs: number;
  /** How many readings a spell lasts. */
  readonly spellReadings: number;
}

/** Of each metric, as it was measured. */
export function inventedColumns(stay: Stay): { metric: string; columns: ReadingColumns }[] {
  const { seed, readings, everyMs, spellReadings } = stay;
  return WALKS.map((walk, nth) => {
    const chance = seeded(seed * WALKS.length + nth + 1);
    const values = walked(walk, { readings, spellReadings, chance });
    const stampsMs = values.map((_, at) => START_MS + at * everyMs);
    const flags = new Uint8Array(readings);
    return { metric: walk.metric, columns: { stampsMs, values, flags } };
  });
}

export function inventedBlocks(stay: Stay): StoredBlock[] {
  return inventedColumns(stay).flatMap(({ metric, columns }) => {
    const blocks: StoredBlock[] = [];
    for (let from = 0; from < stay.readings; from += CHUNK_READINGS_MAX) {
      const until = from + CHUNK_READINGS_MAX;
      const values = columns.values.subarray(from, until);
      const stampsMs = columns.stampsMs.subarray(from, until);
      const flags = columns.flags.subarray(from, until);
      const encoded = encodeReadings({ stampsMs, values, flags }, zstd);
      expect(encoded.ok, 'what is invented can be encoded');
      const rollUp = { low: Math.min(...values), high: Math.max(...values), flags: 0 };
      blocks.push({ metric, count: values.length, rollUp, bytes: encoded.value });
    }
    return blocks;
  });
}

function walked(
  { from, low, high, step, spell, share }: Walk,
  of: { readonly readings: number; readonly spellReadings: number; readonly chance: () => number },
): Float64Array {
  const { readings, spellReadings, chance } = of;
  let value = from;
  let spellLeft = 0;
  return Float64Array.from({ length: readings }, () => {
    // A number changes at every third reading or so, by one step.
    const drawn = Math.floor(chance() * 6);
    if (drawn < 2) value = Math.min(high, Math.max(low, value + (drawn === 0 ? -step : step)));
    if (spellLeft > 0) spellLeft -= 1;
    else if (chance() < share / spellReadings) spellLeft = Math.ceil(2 * chance() * spellReadings);
    return Math.round((value + (spellLeft > 0 ? spell : 0)) / step) * step;
  });
}

/** Lehmer's generator: enough for a walk, and the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
