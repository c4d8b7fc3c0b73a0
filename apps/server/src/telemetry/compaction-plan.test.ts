/** Chunks of one series, flushed and merged in any order, against a model that forgets nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import { FLAG } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import fc from 'fast-check';
import { NOON, ramp, runSample } from '../../../../tests/support/line.ts';
import { encodeContent } from './chunk-content.ts';
import { cutReadings, cutRuns } from './chunk-cuts.ts';
import { type MergePart, mergeChunks } from './chunk-merge.ts';
import { decodeSummary } from './chunk-summary.ts';
import { CHUNKS_OF_A_KIND, type ChunkMark, nextStep, replacing } from './compaction-plan.ts';
import { DAY_MS } from './rollup.ts';
import { endOf, joinRuns, withoutRepeats } from './waveform-head.ts';
import { zstd } from './zstd.ts';

interface Chunk extends ChunkMark, MergePart {
  readonly summary: Uint8Array;
}

interface Reading {
  readonly stampMs: number;
  readonly value: number;
  readonly flags: number;
}

const byRead = (a: Chunk, b: Chunk): number =>
  a.generation - b.generation || a.first_ms - b.first_ms;
const byFirst = (a: Chunk, b: Chunk): number =>
  a.first_ms - b.first_ms || a.generation - b.generation;
const nameOf = (chunk: ChunkMark): string => `${chunk.generation}/${chunk.first_ms}`;

function columnsOf(readings: readonly Reading[]): ReadingColumns {
  const sorted = readings.toSorted((a, b) => a.stampMs - b.stampMs);
  return {
    stampsMs: Float64Array.from(sorted, ({ stampMs }) => stampMs),
    values: Float64Array.from(sorted, ({ value }) => value),
    flags: Uint8Array.from(sorted, ({ flags }) => flags),
  };
}

function flushed(readings: readonly Reading[], generation: number): Chunk[] {
  const { stampsMs, values, flags } = columnsOf(readings);
  return cutReadings(stampsMs).map(({ firstMs, from, until }) => {
    const columns = {
      stampsMs: stampsMs.slice(from, until),
      values: values.slice(from, until),
      flags: flags.slice(from, until),
    };
    const { block, summary } = encodeContent({ kind: 'readings', columns });
    const last_ms = columns.stampsMs.at(-1) as number;
    const [count, bytes] = [until - from, block.length];
    return {
      generation,
      first_ms: firstMs,
      last_ms,
      count,
      bytes,
      closed: false,
      summarised: true,
      block,
      summary,
    };
  });
}

/** Steps until nothing is worth doing; how many they were. */
function compact(table: Chunk[], kind: 'readings' | 'waveform', stepsMax = 500): number {
  for (let steps = 0; ; steps += 1) {
    assert.ok(steps < stepsMax, 'it comes to an end');
    const marks = table.toSorted(byFirst);
    const step = nextStep(marks, true);
    if (step === undefined) return steps;
    if (step.kind === 'close') {
      const names = new Set(step.chunks.map(nameOf));
      for (const [i, chunk] of table.entries())
        if (names.has(nameOf(chunk))) table[i] = { ...chunk, closed: true };
      continue;
    }
    const names = new Set(step.inputs.map(nameOf));
    const parts = table.filter((chunk) => names.has(nameOf(chunk))).toSorted(byRead);
    const merged = mergeChunks({ kind, parts, region: step.region });
    expect(merged.ok, 'what was encoded decodes');
    const others = table.filter((chunk) => !names.has(nameOf(chunk)));
    table.length = 0;
    table.push(...others);
    for (const made of replacing(merged.value, { region: step.region, others })) {
      const {
        generation,
        firstMs: first_ms,
        lastMs: last_ms,
        count,
        block,
        summary,
        closed,
      } = made;
      const bytes = block.length;
      table.push({
        generation,
        first_ms,
        last_ms,
        count,
        bytes,
        closed,
        summarised: true,
        block,
        summary,
      });
    }
    assert.equal(new Set(table.map(nameOf)).size, table.length, 'no name twice');
  }
}

/** As a question reads them: the later generation, and in it the later statement. */
function readingsOf(table: readonly Chunk[]): { last: Map<number, string>; all: Set<string> } {
  const last = new Map<number, string>();
  const all = new Set<string>();
  for (const { block, first_ms, last_ms, count, summary } of table.toSorted(byRead)) {
    const decoded = decodeReadings(block, zstd);
    expect(decoded.ok, 'it decodes');
    const { stampsMs, values, flags } = decoded.value;
    assert.equal(stampsMs.length, count);
    assert.ok(first_ms <= (stampsMs[0] as number) && last_ms === stampsMs.at(-1));
    for (const [i, stampMs] of stampsMs.entries()) {
      last.set(stampMs, `${values[i]} ${flags[i]}`);
      all.add(`${stampMs} ${values[i]} ${flags[i]}`);
    }
    const { totals } = decodeSummary(summary, 0) ?? {};
    assert.equal(totals?.count, new Set(stampsMs).size);
  }
  return { last, all };
}

function assertSettled(table: readonly Chunk[]): void {
  const open = table.filter(({ closed }) => !closed);
  assert.ok(open.length < 4 * CHUNKS_OF_A_KIND, `${open.length} open chunks`);
  const closed = table.filter((chunk) => chunk.closed).toSorted(byFirst);
  for (const [i, chunk] of closed.entries())
    assert.ok(i === 0 || chunk.first_ms > (closed[i - 1]?.last_ms ?? 0), 'closed ones lie apart');
}

const FLAGS = [0, 0, 0, FLAG.CONFLICT, FLAG.CORRECTION, FLAG.QUESTIONABLE];
const reading = (stampMs: fc.Arbitrary<number>): fc.Arbitrary<Reading> =>
  fc.record({
    stampMs,
    value: fc.oneof(fc.integer({ min: 60, max: 63 }), fc.double({ min: 0, max: 99, noNaN: true })),
    flags: fc.constantFrom(...FLAGS),
  });

type Act =
  | { readonly kind: 'flush'; readonly readings: readonly Reading[] }
  | { readonly kind: 'live'; readonly flushes: number; readonly everyMs: number }
  | { readonly kind: 'bulk'; readonly count: number; readonly fromMs: number }
  | { readonly kind: 'compact' };

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    // Late, repeated, contradicted: anywhere within some hours, or within some months.
    fc
      .array(reading(fc.nat(300).map((i) => NOON + i * 60_000)), { minLength: 1, maxLength: 12 })
      .map((readings) => ({ kind: 'flush', readings }) as const),
    fc
      .array(reading(fc.nat(200).map((i) => NOON + i * DAY_MS)), { minLength: 1, maxLength: 5 })
      .map((readings) => ({ kind: 'flush', readings }) as const),
    fc.record({
      kind: fc.constant('live' as const),
      flushes: fc.integer({ min: 1, max: 60 }),
      everyMs: fc.constantFrom(1_000, 60_000, 3_600_000),
    }),
    fc.record({
      kind: fc.constant('bulk' as const),
      count: fc.integer({ min: 500, max: 4_000 }),
      fromMs: fc.nat(100).map((i) => NOON + i * 600_000),
    }),
    fc.constant({ kind: 'compact' } as const),
  ),
  { maxLength: 14 },
);

class Model {
  readonly last = new Map<number, string>();
  readonly all = new Set<string>();
  #nowMs = NOON;

  /** What an act brings, flush by flush. */
  *flushesOf(act: Exclude<Act, { kind: 'compact' }>): Generator<readonly Reading[]> {
    if (act.kind === 'flush') yield act.readings;
    // Of full doubles, so that some thousand fill a chunk.
    if (act.kind === 'bulk')
      yield Array.from({ length: act.count }, (_, i) => {
        return { stampMs: act.fromMs + i * 997, value: Math.sin(i + act.count), flags: 0 };
      });
    if (act.kind !== 'live') return;
    for (let flush = 0; flush < act.flushes; flush += 1) {
      // The last of one flush comes with the next: neighbours overlap by a little.
      yield Array.from({ length: 6 }, (_, i) => {
        const stampMs = this.#nowMs + (i === 0 ? -1.5 * act.everyMs : i * act.everyMs);
        return { stampMs, value: 60 + (i % 3), flags: 0 };
      });
      this.#nowMs += 6 * act.everyMs;
    }
  }

  receive(readings: readonly Reading[]): void {
    for (const { stampMs, value, flags } of readings) {
      this.last.set(stampMs, `${value} ${flags}`);
      this.all.add(`${stampMs} ${value} ${flags}`);
    }
  }
}

test('chunks that lie in one another are merged as wholes, not reading by reading', () => {
  const table: Chunk[] = [];
  const model = new Model();
  const bulks = [
    { kind: 'bulk', count: 2_122, fromMs: 1_768_494_600_000 },
    { kind: 'bulk', count: 2_607, fromMs: 1_768_492_800_000 },
    { kind: 'bulk', count: 1_521, fromMs: 1_768_495_200_000 },
  ] as const;
  for (const [i, bulk] of bulks.entries()) {
    for (const readings of model.flushesOf(bulk)) {
      model.receive(readings);
      table.push(...flushed(readings, i + 1));
    }
  }
  const steps = compact(table, 'readings');
  assert.ok(steps <= 8, `${steps} steps`);
  assert.deepEqual(sorted(readingsOf(table).last), sorted(model.last));
  assertSettled(table);
});

test('whatever is flushed, late, repeated or contradicted, and whenever it is merged, it reads the same', () => {
  fc.assert(
    fc.property(acts, (all) => {
      const table: Chunk[] = [];
      const model = new Model();
      let generation = 0;
      for (const act of all) {
        if (act.kind === 'compact') {
          compact(table, 'readings');
          continue;
        }
        for (const readings of model.flushesOf(act)) {
          generation += 1;
          model.receive(readings);
          table.push(...flushed(readings, generation));
        }
      }
      assert.deepEqual(readingsOf(table), { last: model.last, all: model.all });
      compact(table, 'readings');
      const read = readingsOf(table);
      assert.deepEqual(sorted(read.last), sorted(model.last));
      assert.deepEqual([...read.all].sort(), [...model.all].sort());
      assertSettled(table);
      assert.equal(compact(table, 'readings'), 0, 'what is done is done');
    }),
    { numRuns: 100 },
  );
});

const sorted = (map: ReadonlyMap<number, string>) => [...map].sort(([a], [b]) => a - b);

function runsFlushed(runs: readonly WaveformRun[], generation: number): Chunk[] {
  return cutRuns(joinRuns(runs)).map(({ firstMs, runs: group }) => {
    const content = { kind: 'waveform' as const, runs: group };
    const { block, summary } = encodeContent(content);
    const count = group.reduce((sum, { samples }) => sum + samples.length, 0);
    const last_ms = Math.max(...group.map(endOf)) - 10;
    const bytes = block.length;
    return {
      generation,
      first_ms: firstMs,
      last_ms,
      count,
      bytes,
      closed: false,
      summarised: true,
      block,
      summary,
    };
  });
}

/** Each sample that a question would answer with; how they are gathered into runs is no statement. */
function samplesOf(table: readonly Chunk[]): Set<string> {
  const runs = table.toSorted(byRead).flatMap(({ block }) => {
    const decoded = decodeRuns(block, zstd);
    expect(decoded.ok, 'it decodes');
    return decoded.value;
  });
  const said = joinRuns(withoutRepeats(runs)).flatMap(({ startMs, gain, samples }) =>
    Array.from(samples, (sample, i) => `${startMs + i * 10} ${gain} ${sample}`),
  );
  return new Set(said.sort());
}

test('a waveform reads the same, with its gaps, repeats and contradictions, however it is merged', () => {
  const PERIOD_MS = 10;
  const run = fc
    .record({
      from: fc.nat(40_000),
      length: fc.integer({ min: 1, max: 1_000 }),
      gain: fc.constantFrom(200, 200, 200, 100),
    })
    .map(({ from, length, gain }) =>
      runSample({ startMs: NOON + from * PERIOD_MS, samples: ramp(from, length), gain }),
    );
  const acts = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.array(run, { minLength: 1, maxLength: 4 }) },
      fc.constant([]),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(acts, fc.boolean(), (all, isLive) => {
      const table: Chunk[] = [];
      const unmerged: Chunk[] = [];
      for (const [generation, runs] of all.entries()) {
        const live = runSample({
          startMs: NOON + generation * 20_000,
          samples: ramp(generation * 2_000, 2_000),
        });
        if (runs.length === 0) compact(table, 'waveform');
        const chunks = runsFlushed(isLive ? [live] : runs, generation + 1);
        table.push(...chunks);
        unmerged.push(...chunks);
      }
      compact(table, 'waveform');
      assert.deepEqual(samplesOf(table), samplesOf(unmerged));
      assert.equal(compact(table, 'waveform'), 0, 'what is done is done');
      assert.ok(table.filter(({ closed }) => !closed).length < 4 * CHUNKS_OF_A_KIND);
    }),
    { numRuns: 100 },
  );
});
