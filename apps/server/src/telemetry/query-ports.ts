/** What questions are made of, and what they need from the rest of the engine. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { ReadAs } from '../database/readers.ts';
import type { Registry } from '../devices/registry.ts';
import type { StampOffsets } from '../devices/stamp-offsets.ts';
import type { Series } from '../line/entry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { Heads } from './heads.ts';
import type { Span } from './merge.ts';

export interface QueryPorts {
  /** For the start alone: it reads for all organisations. */
  readonly sql: Sql;
  /** What people ask sees one organisation, and waits in a line of its own, not in the devices'. */
  readonly read: ReadAs;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly heads: Heads;
  readonly registry: Registry;
  /** What places the stamps of a series in time. */
  readonly offsetsOf: (series: Series) => StampOffsets;
  /** `what` names the chunk, never what it holds. */
  readonly onProblem: (what: string, error: unknown) => void;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

export interface Question extends Span {
  readonly subjectId: SubjectId;
  readonly metrics: readonly string[];
  /** What is found unreadable is added: whoever asks has to pass it on. */
  readonly unreadable: UnreadablePart[];
}

/**
 * A clock that is understood anew moves its readings in time, and a question that is answered piece by
 * piece would miss those that move into what it has told already: it goes by what was known when it began.
 */
export function asKnownNow(ports: QueryPorts, series: readonly Series[]): QueryPorts {
  const known = new Map(series.map((one) => [one, ports.offsetsOf(one)]));
  return { ...ports, offsetsOf: (one) => known.get(one) ?? ports.offsetsOf(one) };
}
