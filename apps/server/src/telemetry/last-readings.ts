/** The last reading of every series: known to the head at all times, from the newest chunk on. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Series } from '../line/entry.ts';
import type { QueryPorts } from './query-ports.ts';
import type { LastReading } from './reading-head.ts';
import { openReadings } from './sealed-chunks.ts';
import * as store from './store.ts';

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
  const columns = row && openReadings(ports, { series, row }, []);
  const stampMs = columns?.stampsMs.at(-1);
  if (columns === undefined || stampMs === undefined) return;
  const head = ports.heads.readingHead(series);
  if (head.last !== undefined && head.last.stampMs >= stampMs) return;
  head.recall(columns, ports.registry.offsetOf(series, stampMs));
  ports.heads.changes += 1;
  head.changed = ports.heads.changes;
}

/** The last reading of each series, from the newest chunks, for the head at start-up. */
export async function recallLast(ports: QueryPorts): Promise<void> {
  for (const row of await store.newestChunks(ports.sql)) {
    const series = ports.registry.seriesById(row.series_id);
    if (series === undefined) continue;
    ports.registry.noteNewestStamp(series, row.last_ms);
    // Where it does not open, nothing is shown rather than something older.
    const columns = openReadings(ports, { series, row }, []);
    if (columns === undefined) continue;
    const lastStampMs = columns.stampsMs.at(-1) ?? 0;
    const head = ports.heads.readingHead(series);
    head.recall(columns, ports.registry.offsetOf(series, lastStampMs));
  }
  // A device that sends waveforms alone has a clock as well, and it may go back while we are away.
  for (const { series_id, last_ms } of await store.newestSamples(ports.sql)) {
    const series = ports.registry.seriesById(series_id);
    if (series !== undefined) ports.registry.noteNewestStamp(series, last_ms);
  }
}
