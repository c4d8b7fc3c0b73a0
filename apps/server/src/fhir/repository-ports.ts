/** What the repository is made of. */
import type { InLaneAs, InLaneAtOnce, Sql } from '../database/pool.ts';
import type { ReadAs } from '../database/readers.ts';
import type { DocumentKeys } from './document.ts';
import type { IndexState } from './index-state.ts';
import type { Patients } from './patients.ts';
import type { ReadToldPorts } from './told-here.ts';
import type { UntoldFindings } from './untold.ts';

export interface RepositoryPorts extends ReadToldPorts {
  readonly people: Sql;
  readonly read: ReadAs;
  /** What is written changes what memory holds of patients. */
  readonly inLaneAs: InLaneAs;
  readonly inLaneAtOnce: InLaneAtOnce;
  /** Who somebody is, and whose number is whose, is known in memory: one who says so waits for the other. */
  readonly inTurn: <T>(act: () => Promise<T>) => Promise<T>;
  readonly keys: DocumentKeys & {
    readonly keep: (subjectIds: readonly string[]) => void;
    readonly searchKey: (organisationId: string) => Uint8Array;
  };
  readonly index: Pick<IndexState, 'isPartial'>;
  readonly patients: Patients;
  readonly untold: Pick<UntoldFindings, 'judge' | 'tell' | 'doubt'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** Lets other work run first: what comes in from devices waits for no record. */
  readonly pause: () => Promise<void>;
}
