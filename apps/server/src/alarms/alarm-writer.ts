/**
 * Writes alarms to the database in the order of their changes, again and again until it succeeds. A
 * row that the database refuses is our own fault and stays so: it is left out and told as a problem,
 * for it must not keep all other alarms, and the checkpoint after them, from being written. A server
 * that has been replaced writes none: the one that replaced it has read what there was.
 */
import { databaseFault } from '../database/fault.ts';
import type { Sql, Transaction } from '../database/pool.ts';
import { TakenOver } from '../telemetry/postgres-log.ts';
import { type AlarmRow, type TransitionRow, writeAlarms, writeTransitions } from './store.ts';

const RETRY_MS = 500;

export interface AlarmWriterPorts {
  readonly sql: Sql;
  /** Nobody takes the lane before the transaction has ended; fails with TakenOver when somebody has. */
  readonly holdLane: (tx: Transaction) => Promise<void>;
  readonly after: (delayMs: number, run: () => void) => void;
  /** In the same transaction: what is owed by these alarms is called for as surely as they are written. */
  readonly callFor?: (tx: Transaction, alarms: readonly AlarmRow[]) => Promise<void>;
  readonly onProblem: (what: string, error: unknown) => void;
  readonly onTakenOver: (why: string) => void;
}

export class AlarmWriter {
  readonly #ports: AlarmWriterPorts;
  /** The newest state of each alarm that is not yet written. */
  #rows = new Map<string, AlarmRow>();
  #transitions: TransitionRow[] = [];
  #writing = false;
  #waiting: (() => void)[] = [];

  constructor(ports: AlarmWriterPorts) {
    this.#ports = ports;
  }

  write(row: AlarmRow, transition: { what: string; cause: string; atMs: number }): void {
    this.#rows.set(`${row.subject_id}/${row.id}`, row);
    // How far a value went is not a transition of the alarm's life.
    if (transition.what !== 'worsened') {
      this.#transitions.push({
        organisation_id: row.organisation_id,
        subject_id: row.subject_id,
        alarm_id: row.id,
        cause: transition.cause,
        what: transition.what.slice(0, 100),
        at_ms: transition.atMs,
      });
    }
    void this.#drain();
  }

  /** Erased: what is not yet on its way is not written. */
  forget(subjectId: string): void {
    for (const [key, row] of this.#rows) if (row.subject_id === subjectId) this.#rows.delete(key);
    this.#transitions = this.#transitions.filter((row) => row.subject_id !== subjectId);
  }

  /** Resolves when everything written so far is durable. */
  settle(): Promise<void> {
    if (this.#rows.size === 0 && !this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #drain(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#rows.size > 0) {
      const rows = [...this.#rows.values()];
      const transitions = this.#transitions;
      this.#rows = new Map();
      this.#transitions = [];
      await this.#writeOnce(rows, transitions);
    }
    this.#writing = false;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #writeOnce(
    rows: readonly AlarmRow[],
    transitions: readonly TransitionRow[],
  ): Promise<void> {
    for (;;) {
      try {
        await this.#ports.sql.begin(async (tx) => {
          await this.#ports.holdLane(tx);
          await writeAlarms(tx, rows);
          await writeTransitions(tx, transitions);
          await this.#ports.callFor?.(tx, rows);
        });
        return;
      } catch (error) {
        // This server ends. Until it has, nobody hears that these are written.
        if (error instanceof TakenOver) this.#ports.onTakenOver(error.message);
        else {
          this.#ports.onProblem('write alarms', error);
          if (databaseFault(error) === undefined) {
            if (rows.length > 1) await this.#writeApart(rows, transitions);
            return;
          }
        }
        await new Promise<void>((resolve) => this.#ports.after(RETRY_MS, resolve));
      }
    }
  }

  async #writeApart(
    rows: readonly AlarmRow[],
    transitions: readonly TransitionRow[],
  ): Promise<void> {
    for (const row of rows) {
      const own = transitions.filter(
        ({ subject_id, alarm_id }) => subject_id === row.subject_id && alarm_id === row.id,
      );
      await this.#writeOnce([row], own);
    }
  }
}
