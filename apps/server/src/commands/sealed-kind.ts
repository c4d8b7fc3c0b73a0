/** What is known of a kind of row that is sealed. */
import type { SealedTable } from './store.ts';

/** The columns that name a sealed row; which those are depends on its table. */
export type SealedRow = Readonly<Record<string, unknown>>;

export interface SealedKind extends SealedTable {
  /** As it is called where it is told of. */
  readonly what: string;
  readonly contextOf: (row: SealedRow) => string;
  /** Null: the key of the organisation. */
  readonly subjectOf: (row: SealedRow) => string | null;
  readonly nameOf: (row: SealedRow) => string;
  /** What is wrong with what was opened. */
  readonly faultOf: (opened: Uint8Array, row: SealedRow) => string | undefined;
}

export const text = (value: unknown): string => String(value ?? '');
export const number = (value: unknown): number => Number(value);

export function jsonFault(opened: Uint8Array): string | undefined {
  try {
    JSON.parse(new TextDecoder().decode(opened));
    return undefined;
  } catch {
    return 'it opens, and is not what was written';
  }
}
