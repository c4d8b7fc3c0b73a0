/** Waveforms of a subject, chunks and head as one. */
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import type { Span } from './merge.ts';
import { asKnownNow, type QueryPorts, type Question } from './query-ports.ts';
import { openRuns, readChunks } from './sealed-chunks.ts';
import { seriesSeen } from './series-seen.ts';
import { visibleRuns } from './stamp-cuts.ts';
import type { SealedChunk } from './store.ts';
import { endOf, joinRuns, withoutRepeats } from './waveform-head.ts';

interface RunsOfSeries {
  readonly series: Series;
  readonly runs: CorrectedRun[];
}

/** In corrected time, and by how much that is from the device's. */
interface CorrectedRun extends WaveformRun {
  readonly offsetMs: number;
}

/** Runs of a subject's waveforms that touch the span, cut to it, with corrected starts. */
export async function waveforms(ports: QueryPorts, question: Question): Promise<WaveformRun[]> {
  return (await waveformsBySeries(ports, question)).flatMap(({ runs }) => runs);
}

/** The same, each with its series: which device it is of. */
export async function waveformsBySeries(
  ports: QueryPorts,
  question: Question,
): Promise<RunsOfSeries[]> {
  const wanted = seriesSeen(ports, question.subjectId)
    .filter((s) => s.metric.kind === 'waveform' && question.metrics.includes(s.metric.key))
    .filter((s) => s.epoch !== HELD_EPOCH);
  return await runsOfSeries(asKnownNow(ports, wanted), wanted, question);
}

/** The same of the waveforms that are given. */
export async function runsOfSeries(
  ports: QueryPorts,
  wanted: readonly Series[],
  question: Span & Pick<Question, 'unreadable'>,
): Promise<RunsOfSeries[]> {
  if (wanted.length === 0) return [];
  const { fromMs, toMs } = question;
  const { chunks, fresh } = await readChunks(ports, { series: wanted, fromMs, toMs }, () =>
    wanted.map(({ id }) => ports.heads.waveforms.get(id)?.unflushed() ?? []),
  );
  return wanted.map((series, i) => {
    const part = { series, chunks: chunks.get(series.id) ?? [], fresh: fresh[i] ?? [] };
    return { series, runs: runsOf(ports, part, question) };
  });
}

function runsOf(
  ports: QueryPorts,
  part: { series: Series; chunks: readonly SealedChunk[]; fresh: readonly WaveformRun[] },
  { unreadable, ...span }: Span & Pick<Question, 'unreadable'>,
): CorrectedRun[] {
  const { series, chunks, fresh } = part;
  const runs: WaveformRun[] = [];
  for (const row of chunks)
    for (const run of openRuns(ports, { series, row }, unreadable) ?? []) runs.push(run);
  for (const run of fresh) runs.push(run);
  return joinRuns(withoutRepeats(visibleRuns(runs, ports.registry.hiddenStamps(series))))
    .map((run) => {
      const offsetMs = ports.offsetsOf(series).at(run.startMs);
      return { ...run, startMs: run.startMs + offsetMs, offsetMs };
    })
    .map((run) => cutTo(run, span))
    .filter((run) => run.samples.length > 0);
}

function cutTo(run: CorrectedRun, span: Span): CorrectedRun {
  const perMs = run.rate.numerator / (1000 * run.rate.denominator);
  const from = Math.max(0, Math.ceil((span.fromMs - run.startMs) * perMs));
  const until = Math.max(
    from,
    Math.min(run.samples.length, Math.ceil((span.toMs - run.startMs) * perMs)),
  );
  const startMs = endOf({ ...run, samples: run.samples.subarray(0, from) });
  return { ...run, startMs, samples: run.samples.subarray(from, until) };
}
