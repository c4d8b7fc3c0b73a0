/** Records whose every look by somebody else is told: which, and since when until when. */
import { holdsAt } from '../access/standing.ts';
import type { Sql } from '../database/pool.ts';
import { type GuardedRow, readGuarded } from './store.ts';

/** What was read is looked at within seconds; or after days in which the database was away. */
const KEPT_MS = 7 * 24 * 3_600_000;

export class GuardedRecords {
  #rows: readonly GuardedRow[];

  static async load(sql: Sql, nowMs: number): Promise<GuardedRecords> {
    return new GuardedRecords(await readGuarded(sql, nowMs - KEPT_MS));
  }

  private constructor(rows: readonly GuardedRow[]) {
    this.#rows = rows;
  }

  /** Those that are guarded now. */
  of(organisationId: string): GuardedRow[] {
    return this.#rows.filter(
      (row) => row.organisation_id === organisationId && row.until_ms === null,
    );
  }

  wasAt(subjectId: string, atMs: number): boolean {
    return this.#rows.some((row) => row.subject_id === subjectId && holdsAt(row, atMs));
  }

  note(row: GuardedRow): void {
    this.#rows = [...this.#rows, row];
  }

  noteEnd(subjectId: string, atMs: number): void {
    this.#rows = this.#rows.map((row) =>
      row.subject_id === subjectId && row.until_ms === null ? { ...row, until_ms: atMs } : row,
    );
  }
}
