/** The last reading of every series: known to the head at all times, from the newest chunk on. */
import type { Latest as LatestColumns } from '@ausculta/contract/latest';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import { viewing } from '../database/viewing.ts';
import type { Series } from '../line/entry.ts';
import type { QueryPorts } from './query-ports.ts';
import type { LastReading } from './reading-head.ts';
import { openReadings } from './sealed-chunks.ts';
import * as store from './store.ts';
import { endOf } from './waveform-head.ts';

export interface Latest {
  readonly series: Series;
  readonly last: LastReading;
}

/** The last reading of every series of a subject. */
export function latest({ heads }: Pick<QueryPorts, 'heads'>, subjectId: SubjectId): Latest[] {
  const found: Latest[] = [];
  for (const { series, last } of heads.ofSubject(subjectId).readings) {
    if (last !== undefined) found.push({ series, last });
  }
  return found;
}

/** The same of one series whose chunks have changed hands; what came since then is newer. */
export async function recallOne(ports: QueryPorts, series: Series): Promise<void> {
  const [row] = await store.newestChunkOf(ports.sql, series.id);
  const columns = row && openReadings(ports, { series, row }, { unreadable: [] });
  const stampMs = columns?.stampsMs.at(-1);
  if (columns === undefined || stampMs === undefined) return;
  const head = ports.heads.readingHead(series);
  if (head.last !== undefined && head.last.stampMs >= stampMs) return;
  head.recall(columns, ports.offsetsOf(series).at(stampMs));
  ports.heads.changes += 1;
  head.changed = ports.heads.changes;
  // It may have come here only to go on to somebody else.
  concealMoving(ports, series);
}

/** Looked through in about a millisecond; then others get their turn. */
const SUBJECTS_AT_ONCE = 500;

/** By whoever asks, who may have been shown one metric or one stay alone. */
function isSeen(subjectId: SubjectId, { series, last }: Latest): boolean {
  const viewer = viewing();
  if (viewer === undefined) return true;
  const span = viewer.spanOf(subjectId);
  const isInTime = span === undefined || (span.fromMs <= last.timeMs && last.timeMs < span.toMs);
  return isInTime && viewer.seesMetric(subjectId, series.metric);
}

/** Of each subject and metric the reading that was measured last, whichever device measured it. */
export async function latestOfMany(
  { heads, registry, pause }: Pick<QueryPorts, 'heads' | 'registry' | 'pause'>,
  asked: { readonly subjects: readonly SubjectId[]; readonly metrics: readonly Metric[] },
): Promise<Omit<LatestColumns, 'nowMs' | 'notFound'>> {
  const metrics = [...new Set(asked.metrics)];
  const rows: LatestRow[] = [];
  for (const [subject, subjectId] of asked.subjects.entries()) {
    const newest: (Latest | undefined)[] = metrics.map(() => undefined);
    for (const one of latest({ heads }, subjectId)) {
      const metric = metrics.indexOf(one.series.metric);
      const known = newest[metric];
      // What is on its way to another's record is nobody's here.
      if (metric < 0 || isHidden(registry, one) || !isSeen(subjectId, one)) continue;
      if (known === undefined || one.last.timeMs > known.last.timeMs) newest[metric] = one;
    }
    for (const [metric, one] of newest.entries())
      if (one !== undefined) rows.push({ ...one, subject, metric });
    if (subject % SUBJECTS_AT_ONCE === SUBJECTS_AT_ONCE - 1) await pause();
  }
  return { subjects: [...asked.subjects], metrics: metrics.map(nameOf), ...columnsOf(rows) };
}

function isHidden(registry: QueryPorts['registry'], { series, last }: Latest): boolean {
  return registry
    .hiddenStamps(series)
    .some(({ fromMs, untilMs }) => last.stampMs >= fromMs && last.stampMs < untilMs);
}

/**
 * What is on its way to another's record is not what is known last of this one. To be asked when it
 * sets out, and of what was accepted before that and becomes durable only now.
 */
export function concealMoving(
  { heads, registry }: Pick<QueryPorts, 'heads' | 'registry'>,
  series: Series,
): void {
  const hidden = registry.hiddenStamps(series);
  if (hidden.length === 0) return;
  const isHiddenFrom = (firstMs: number, endMs: number): boolean =>
    hidden.some(({ fromMs, untilMs }) => fromMs < endMs && firstMs < untilMs);
  const last = heads.readings.get(series.id)?.last;
  const recent = heads.waveforms.get(series.id)?.recent ?? [];
  const isAny =
    (last !== undefined && isHiddenFrom(last.stampMs, last.stampMs + 1)) ||
    recent.some(({ run }) => isHiddenFrom(run.startMs, endOf(run)));
  if (isAny) heads.conceal(series);
}

interface LatestRow extends Latest {
  readonly subject: number;
  readonly metric: number;
}

const nameOf = ({ key, unit }: Metric) => ({ key, unit });

function columnsOf(rows: readonly LatestRow[]) {
  const devices = [...new Set(rows.map(({ series }) => series.deviceId as string))];
  const deviceAt = new Map(devices.map((device, index) => [device, index]));
  return {
    devices,
    subject: rows.map(({ subject }) => subject),
    metric: rows.map(({ metric }) => metric),
    device: rows.map(({ series }) => deviceAt.get(series.deviceId) ?? -1),
    timesMs: rows.map(({ last }) => last.timeMs),
    stampsMs: rows.map(({ last }) => last.stampMs),
    values: rows.map(({ last }) => last.value),
    flags: rows.map(({ last }) => last.flags),
  };
}

/** The last reading of each series, from the newest chunks, for the head at start-up. */
export async function recallLast(ports: QueryPorts): Promise<void> {
  for (const row of await store.newestChunks(ports.sql)) {
    const series = ports.registry.seriesById(row.series_id);
    if (series === undefined) continue;
    ports.registry.noteNewestStamp(series, row.last_ms);
    // Where it does not open, nothing is shown rather than something older.
    const columns = openReadings(ports, { series, row }, { unreadable: [] });
    if (columns === undefined) continue;
    const lastStampMs = columns.stampsMs.at(-1) ?? 0;
    const head = ports.heads.readingHead(series);
    head.recall(columns, ports.offsetsOf(series).at(lastStampMs));
  }
  // A device that sends waveforms alone has a clock as well, and it may go back while we are away.
  for (const { series_id, last_ms } of await store.newestSamples(ports.sql)) {
    const series = ports.registry.seriesById(series_id);
    if (series !== undefined) ports.registry.noteNewestStamp(series, last_ms);
  }
}
