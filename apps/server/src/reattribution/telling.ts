/**
 * Readings have changed hands: whoever was misled is told. Alarms of who had them say that what they
 * rest on was moved; they stay in that record, for they were sounded and answered there. Whose the
 * readings are is called for what was breached meanwhile, and for each button and fall (safety S5).
 */
import type { ReportedEvent } from '@ausculta/vitals/event';
import type { AlarmBook } from '../alarms/book.ts';
import type { WatchedBy } from '../alarms/watched-by.ts';
import type { MoveUnderWay } from '../devices/moves-under-way.ts';
import type { Registry } from '../devices/registry.ts';
import { callOf } from '../line/call.ts';
import type { EventEntry } from '../line/entry.ts';
import type { Finding } from '../line/finding.ts';
import { ALL_TIME } from '../telemetry/merge.ts';
import { eachEventOf } from '../telemetry/subject-moves.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { isJudged, LateJudge } from './judging.ts';

export interface TellingPorts {
  readonly registry: Registry;
  readonly telemetry: Pick<Telemetry, 'windows' | 'movePorts'>;
  readonly alarms: Pick<AlarmBook, 'noteMoved' | 'tell' | 'settle'> & {
    readonly watch: Pick<WatchedBy, 'planOf' | 'limitsOf'>;
  };
  readonly nowMs: () => number;
}

export async function tellOf(
  ports: TellingPorts,
  move: MoveUnderWay & { readonly orderedMs: number },
): Promise<void> {
  const { alarms } = ports;
  await alarms.noteMoved(move, { metrics: metricsOf(ports, move), atMs: move.orderedMs });
  // Erased meanwhile: there is nobody to call for.
  if (!ports.registry.subjects.has(move.toSubjectId)) return;
  alarms.tell(await breaches(ports, move));
  alarms.tell(await calls(ports, move));
  await alarms.settle();
}

function metricsOf({ registry }: TellingPorts, { fromSubjectId, deviceId }: MoveUnderWay) {
  const all = registry.seriesOfSubject(fromSubjectId);
  return all.filter((series) => series.deviceId === deviceId).map(({ metric }) => metric);
}

async function breaches(ports: TellingPorts, move: MoveUnderWay): Promise<Finding[]> {
  const { registry, telemetry, alarms, nowMs } = ports;
  const category = registry.subjects.get(move.toSubjectId)?.category ?? 'unknown';
  const limits = alarms.watch.limitsOf(move.toSubjectId);
  const judged = metricsOf(ports, move).filter((metric) => isJudged(limits, metric));
  if (judged.length === 0) return [];
  const judge = new LateJudge(category, alarms.watch.planOf(move.toSubjectId));
  const windows = telemetry.windows({
    subjectId: move.toSubjectId,
    metrics: [...new Set(judged.map(({ key }) => key))],
    ...within(move),
    newestFirst: false,
    unreadable: [],
  });
  for await (const ranges of windows) {
    for (const range of ranges) if (range.series.deviceId === move.deviceId) judge.add(range);
  }
  return judge.findings(nowMs());
}

async function calls(ports: TellingPorts, move: MoveUnderWay): Promise<Finding[]> {
  const { registry, telemetry, nowMs } = ports;
  const placement = registry.placementOf(move.toSubjectId);
  const found: Finding[] = [];
  if (placement === undefined) return found;
  for await (const { row, clear } of eachEventOf(telemetry.movePorts, move.toSubjectId, move)) {
    const entry: EventEntry = {
      kind: 'event',
      ...placement,
      deviceId: move.deviceId,
      id: row.id,
      receivedMs: row.received_ms,
      offsetMs: row.stamp_ms === null ? 0 : row.placed_ms - row.stamp_ms,
      event: JSON.parse(new TextDecoder().decode(clear)) as ReportedEvent,
    };
    const call = callOf(entry);
    if (call !== undefined) found.push({ ...call, atMs: nowMs() });
  }
  return found;
}

function within({ fromMs, untilMs }: MoveUnderWay): { fromMs: number; toMs: number } {
  return { fromMs: Math.max(ALL_TIME.fromMs, fromMs), toMs: Math.min(ALL_TIME.toMs, untilMs) };
}
