/** One access to persons' data, as the audit keeps it: who, what, of whom, why and when; no value, no name, no query. */

import { READ_ACTS, type ReadAct } from '@ausculta/vitals/audit-act';

export interface ReadEntry {
  readonly atMs: number;
  /** An account, or `token-…` of a program. */
  readonly who: string;
  /** The client by which they asked: the app of a person, or the program itself. */
  readonly app?: string | undefined;
  readonly act: ReadAct;
  /** Pseudonymous ids. */
  readonly subjects: readonly string[];
  /** For what the policy has let them see it. */
  readonly purpose?: string | undefined;
  /** With its parameters as names: never what was asked. */
  readonly route: string;
  /** The type of FHIR that was asked for. */
  readonly type?: string | undefined;
  /** Of HTTP; 101 for a subscription. */
  readonly status: number;
  readonly requestId: string;
}

/** A line of what `audit_read` holds; the organisation stands in its row. */
export function lineOf(entry: ReadEntry): string {
  return JSON.stringify(entry);
}

/** Undefined where it is none of ours: somebody has altered it. */
export function readEntryOf(line: string): ReadEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<ReadEntry>;
    const isEntry =
      typeof entry.atMs === 'number' &&
      typeof entry.who === 'string' &&
      READ_ACTS.some((act) => act === entry.act) &&
      Array.isArray(entry.subjects) &&
      typeof entry.route === 'string' &&
      typeof entry.status === 'number' &&
      typeof entry.requestId === 'string';
    return isEntry ? (entry as ReadEntry) : undefined;
  } catch {
    return undefined;
  }
}
