/**
 * Findings in what is written, until they are told. They lie in the database from the very transaction
 * that writes the document until their alarms are durable, so that no crash in between loses one; to
 * tell a finding twice is to tell it once, for the alarm is the same.
 */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Resource } from '@medplum/fhirtypes';
import type { AlarmBook } from '../alarms/book.ts';
import type { Sql } from '../database/pool.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import {
  findingsIn,
  type Judging,
  type PassedFinding,
  type Watching,
} from './observation-watch.ts';
import { deleteUntold, readUntold, type UntoldRow } from './untold-store.ts';

export interface UntoldPorts {
  readonly sql: Sql;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  readonly alarms: Pick<AlarmBook, 'tell' | 'settle'>;
  readonly limitsOf: Judging['limitsOf'];
  /** Two records of one person are watched as the one that goes on. */
  readonly recordOf: (subject: RegisteredSubject) => RegisteredSubject;
  readonly newId: () => string;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** What is found in one document. */
export interface Untold {
  readonly row: UntoldRow;
  readonly findings: readonly PassedFinding[];
}

const RETRY_MS = 1_000;
const ROWS_AT_ONCE = 200;
/** Longer than a statement may last, or a transaction lie idle. */
const DECIDED_AFTER_MS = 60_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export const untoldContext = (subjectId: string, id: string): string =>
  `fhir-untold/${subjectId}/${id}`;

export class UntoldFindings {
  readonly #ports: UntoldPorts;
  #closed = false;

  constructor(ports: UntoldPorts) {
    this.#ports = ports;
  }

  /** Before it is written. Undefined where nothing is to be told. */
  readonly judge = (resource: Resource, watching: Watching): Untold | undefined => {
    const { recordOf, limitsOf } = this.#ports;
    const subjectOf = (id: string): RegisteredSubject | undefined => {
      const subject = watching.subjectOf(id);
      return subject && recordOf(subject);
    };
    const findings = findingsIn(resource, { ...watching, subjectOf, limitsOf });
    const [first] = findings;
    if (first === undefined) return undefined;
    const { organisationId, subjectId } = first.series;
    const seal = this.#ports.keys.sealOf(subjectId);
    // Erased meanwhile: there is nobody to call for.
    if (seal === undefined) return undefined;
    const id = this.#ports.newId();
    const clear = new TextEncoder().encode(JSON.stringify(findings.map(written)));
    const sealed = seal.seal(clear, untoldContext(subjectId, id));
    return {
      row: { organisation_id: organisationId, subject_id: subjectId, id, sealed },
      findings,
    };
  };

  /** Once it is written: who watches hears of it at once. */
  tell(all: readonly Untold[]): void {
    if (all.length === 0) return;
    for (const { row, findings } of all) this.#tell(row.subject_id, findings);
    void this.#untilDone('let go of findings that were told', async () => {
      await this.#ports.alarms.settle();
      const ids = all.map(({ row: { id } }) => id);
      await deleteUntold(this.#ports.sql, ids);
    });
  }

  /** What a former start has left, or a write of which nobody knows whether it was done. */
  sweep(): Promise<void> {
    return this.#untilDone('tell findings that were left', () => this.#sweep());
  }

  /**
   * The store did not say whether it was written. The database may still be at it, so it is asked again
   * once no transaction can be.
   */
  doubt(): void {
    void this.sweep();
    this.#ports.after(DECIDED_AFTER_MS, () => void this.sweep());
  }

  async #sweep(): Promise<void> {
    const { sql, alarms } = this.#ports;
    for (let after = BEFORE_ALL; !this.#closed; ) {
      const rows = await readUntold(sql, { after, limit: ROWS_AT_ONCE });
      const told: string[] = [];
      for (const row of rows) if (this.#tellRow(row)) told.push(row.id);
      await alarms.settle();
      if (told.length > 0) await deleteUntold(sql, told);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  /** Whether it was told. One that cannot be holds up no other, and lies there until the next start. */
  #tellRow(row: UntoldRow): boolean {
    const { keys, onProblem } = this.#ports;
    const { subject_id: subjectId, id } = row;
    const seal = keys.sealOf(subjectId);
    if (seal === undefined) return false;
    const opened = seal.open(row.sealed, untoldContext(subjectId, id));
    if (!opened.ok) {
      onProblem(`finding ${subjectId}/${id}`, new Error(opened.fault.code));
      return false;
    }
    try {
      const all = JSON.parse(new TextDecoder().decode(opened.value)) as WrittenFinding[];
      this.#tell(
        subjectId,
        all.map((one) => readBack(one, row)),
      );
      return true;
    } catch {
      // What went wrong may quote what was found.
      onProblem(`finding ${subjectId}/${id}`, new Error('it is not understood'));
      return false;
    }
  }

  #tell(subjectId: SubjectId, findings: readonly PassedFinding[]): void {
    const { keys, alarms } = this.#ports;
    if (keys.sealOf(subjectId) !== undefined) alarms.tell(findings);
  }

  async #untilDone(what: string, act: () => Promise<void>): Promise<void> {
    while (!this.#closed) {
      try {
        await act();
        return;
      } catch (error) {
        if (this.#closed) return;
        this.#ports.onProblem(what, error);
        await new Promise<void>((resolve) => this.#ports.after(RETRY_MS, resolve));
      }
    }
  }

  /** What is left is told at the next start. */
  close(): void {
    this.#closed = true;
  }
}

interface WrittenFinding {
  readonly metric: string;
  readonly rule: AlarmRule;
  readonly value: number;
  readonly sinceMs: number;
  readonly alarmId: string;
  readonly atMs: number;
}

function written({ series, rule, value, sinceMs, alarmId, atMs }: PassedFinding): WrittenFinding {
  const { kind, key, episodeKey, priority, direction, limit } = rule;
  const own = { kind, key, episodeKey, priority, direction, limit };
  return { metric: series.metric?.key ?? '', rule: own, value, sinceMs, alarmId, atMs };
}

function readBack(
  { metric: key, rule, value, ...rest }: WrittenFinding,
  { organisation_id: organisationId, subject_id: subjectId }: UntoldRow,
): PassedFinding {
  const metric = metricByKey(key);
  expect(metric !== undefined, 'a finding is of a metric that the catalogue has');
  const series = { organisationId: organisationId as OrganisationId, subjectId, metric };
  const { priority } = rule;
  const told = { rule, priority, openingValue: value, value, isWritten: true } as const;
  return { kind: 'passed', ...rest, series, ...told };
}
