/** Everything that can be read of everybody, by what it is. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { FIRST_EVENTS } from '../../apps/server/src/telemetry/events.ts';
import { ALL_TIME, type SeriesRange } from '../../apps/server/src/telemetry/merge.ts';
import { waveformsBySeries } from '../../apps/server/src/telemetry/waveform-runs.ts';
import { eventKey, readingKey, runKey, SAMPLES_PER_RUN } from './ledger.ts';
import { VITALS } from './monitor.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

/** Where something was found when everything was read. */
export interface Found {
  readonly subjectId: string;
  readonly seriesId: number | undefined;
  readonly stampMs: number;
  readonly timeMs: number;
  /** Of a run: so many of its samples, in one piece; the first of them was measured then. */
  readonly samples: number;
  /** Of a run: how many of its samples come before these. */
  readonly skipped: number;
}

export interface Everything {
  readonly found: ReadonlyMap<string, readonly Found[]>;
  readonly ranges: ReadonlyMap<SubjectId, readonly SeriesRange[]>;
}

/** What nobody measured is told at once. */
export async function readAll(world: World, server: Server): Promise<Everything> {
  const found = new Map<string, Found[]>();
  const ranges = new Map<SubjectId, readonly SeriesRange[]>();
  const note: Note = (key, where) => {
    if (!world.ledger.facts.has(key))
      return world.violate(`nobody measured what is stored as ${key}`);
    const known = found.get(key);
    if (known === undefined) found.set(key, [where]);
    else known.push(where);
  };
  for (const { id } of [...server.registry.subjects.values()]) {
    const unreadable: UnreadablePart[] = [];
    ranges.set(id, await readNumbers({ world, server, note }, id, unreadable));
    await readRuns({ world, server, note }, id, unreadable);
    await readEvents({ world, server, note }, id);
    if (unreadable.length > 0) world.violate(`chunks of ${id} do not open`);
  }
  return { found, ranges };
}

type Note = (key: string, where: Found) => void;

interface Reader {
  readonly world: World;
  readonly server: Server;
  readonly note: Note;
}

const WHOLE = { samples: 1, skipped: 0 };

async function readNumbers(
  { world, server, note }: Reader,
  subjectId: SubjectId,
  unreadable: UnreadablePart[],
): Promise<readonly SeriesRange[]> {
  const question = { subjectId, unreadable, metrics: [...VITALS], ...ALL_TIME };
  const ranges = await server.telemetry.range(question);
  for (const { series, stampsMs, timesMs, values } of ranges) {
    if (series.subjectId !== subjectId) world.violate(`readings of ${series.subjectId} were given`);
    for (const [i, value] of values.entries()) {
      const key = readingKey(series.deviceId, series.metric.key, value);
      const [stampMs, timeMs] = [stampsMs[i] as number, timesMs[i] as number];
      note(key, { subjectId, seriesId: series.id, stampMs, timeMs, ...WHOLE });
    }
  }
  return ranges;
}

async function readRuns(
  { world, server, note }: Reader,
  subjectId: SubjectId,
  unreadable: UnreadablePart[],
): Promise<void> {
  const question = { subjectId, unreadable, metrics: ['ecg-ii'], ...ALL_TIME };
  for (const { series, runs } of await waveformsBySeries(server.telemetry.queryPorts, question)) {
    if (series.subjectId !== subjectId) world.violate(`samples of ${series.subjectId} were given`);
    const where = { subjectId, seriesId: undefined };
    for (const run of runs)
      noteRun(run, where, (first, piece) => note(runKey(series.deviceId, first), piece));
  }
}

/** Piece by piece of those that were sent. */
function noteRun(
  run: WaveformRun,
  where: Pick<Found, 'subjectId' | 'seriesId'>,
  note: (first: number, piece: Found) => void,
): void {
  const { samples, startMs, rate } = run;
  const sampleMs = (1000 * rate.denominator) / rate.numerator;
  for (let i = 0; i < samples.length; ) {
    const sample = samples[i] as number;
    const skipped = sample % SAMPLES_PER_RUN;
    let count = 1;
    while (samples[i + count] === sample + count && skipped + count < SAMPLES_PER_RUN) count += 1;
    const timeMs = startMs + i * sampleMs;
    note(sample - skipped, { ...where, stampMs: timeMs, timeMs, samples: count, skipped });
    i += count;
  }
}

async function readEvents({ server, note }: Reader, subjectId: SubjectId): Promise<void> {
  const organisationId = server.registry.subjects.get(subjectId)?.organisationId;
  if (organisationId === undefined) return;
  const asked = { organisationId, subjectId, after: FIRST_EVENTS, limit: 1_000_000, ...ALL_TIME };
  for (const { id, time, stamp } of (await server.telemetry.events(asked)).events) {
    const timeMs = Date.parse(time);
    const stampMs = Date.parse(stamp ?? time);
    note(eventKey(id), { subjectId, seriesId: undefined, stampMs, timeMs, ...WHOLE });
  }
}
