/** The rows of the simulated database. A row is never changed, only replaced. */
import type { AlarmRow, TransitionRow } from '../../apps/server/src/alarms/store.ts';
import type * as devices from '../../apps/server/src/devices/store.ts';
import type * as erasure from '../../apps/server/src/erasure/store.ts';
import type { ParkedRow } from '../../apps/server/src/parked/store.ts';
import type { OrderRow } from '../../apps/server/src/reattribution/store.ts';
import type * as telemetry from '../../apps/server/src/telemetry/store.ts';
import type { AuditLeafRow } from '../../apps/server/src/vault/audit-store.ts';

export type LogRow = telemetry.LogRow & { readonly fence: number };

interface Checkpoint {
  readonly sequence: number;
  readonly fence: number;
}

export class Tables {
  readonly log = new Map<string, Map<number, LogRow>>();
  readonly fences = new Map<number, number>();
  /** By partition. */
  readonly checkpoints = new Map<number, Checkpoint>();
  /** By series, then by generation and first stamp. */
  readonly chunks = new Map<number, Map<string, telemetry.ChunkRow>>();
  readonly detectorStates = new Map<string, telemetry.DetectorStateRow>();
  readonly events = new Map<string, telemetry.EventRow>();
  readonly subjects = new Map<string, devices.SubjectRow>();
  readonly devices = new Map<string, devices.DeviceRow>();
  readonly assignments = new Map<string, devices.AssignmentRow>();
  readonly epochs = new Map<string, devices.ClockEpochRow>();
  readonly offsets = new Map<string, devices.ClockOffsetRow>();
  readonly series = new Map<string, devices.SeriesRow>();
  lastSeriesId = 0;
  /** For checks: what each series is a series of, whoever has it. */
  readonly seriesNames = new Map<number, string>();
  readonly alarms = new Map<string, AlarmRow>();
  readonly transitions = new Map<string, TransitionRow>();
  readonly parked = new Map<string, ParkedRow>();
  readonly holds = new Map<string, erasure.HoldRow>();
  readonly audit: AuditLeafRow[] = [];
  readonly orders = new Map<string, OrderRow>();
  /** For checks: whatever was ordered at all, of the erased too. */
  readonly everOrdered: OrderRow[] = [];
  readonly erasures = new Map<string, erasure.ErasureRow>();

  chunksOf(seriesId: number): Iterable<telemetry.ChunkRow> {
    return this.chunks.get(seriesId)?.values() ?? [];
  }

  *allChunks(): Generator<telemetry.ChunkRow> {
    for (const rows of this.chunks.values()) yield* rows.values();
  }

  /** The tables that still hold a row of a subject. */
  tablesWith(subjectId: string): string[] {
    const isOf = (row: { readonly subject_id: string | null }): boolean =>
      row.subject_id === subjectId;
    const places: readonly (readonly [string, Iterable<{ readonly subject_id: string | null }>])[] =
      [
        ['chunk', this.allChunks()],
        ['detector_state', this.detectorStates.values()],
        ['event', this.events.values()],
        ['device_assignment', this.assignments.values()],
        ['series', this.series.values()],
        ['alarm', this.alarms.values()],
        ['alarm_transition', this.transitions.values()],
        ['parked', this.parked.values()],
        ['legal_hold', this.holds.values()],
      ];
    const found = places.filter(([, rows]) => [...rows].some(isOf)).map(([name]) => name);
    const isOrdered = [...this.orders.values()].some(
      (row) => row.from_subject_id === subjectId || row.to_subject_id === subjectId,
    );
    return [
      ...(this.subjects.has(subjectId) ? ['subject'] : []),
      ...(isOrdered ? ['reattribution'] : []),
      ...found,
    ];
  }
}

/** Within its series. */
export const chunkKey = (row: { generation: number; first_ms: number }): string =>
  `${row.generation}/${row.first_ms}`;

/** Deletes what is meant; says how many. */
export function deleteWhere<R>(rows: Map<string, R>, isMeant: (row: R) => boolean): number {
  let count = 0;
  for (const [key, row] of rows) {
    if (!isMeant(row)) continue;
    rows.delete(key);
    count += 1;
  }
  return count;
}
