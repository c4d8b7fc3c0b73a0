/**
 * For whom a question is asked, wherever it is answered: each request of a person or a program runs in the
 * context of its viewer. What the line and the platform do for themselves runs in none, and sees all rows of
 * the organisation that it names. A place that forgets to ask the policy still finds nothing more than the
 * viewer may see: rows by row-level security, what memory holds by the questions below.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';

/** Rows about persons, as row-level security knows them. */
export interface RowsSeen {
  /** Undefined: of everybody in the organisation, and of nobody. */
  readonly only?: {
    readonly subjects: readonly string[];
    /** Types of documents that are seen at all. */
    readonly types: readonly string[];
    /** Those of them that are seen although they name nobody. */
    readonly ofNobody: readonly string[];
  };
  /** Documents that are kept back all the same, as "subject/Type". */
  readonly hidden: readonly string[];
}

/** A document that is about to be told, or was just written down. */
export interface ViewedDocument {
  readonly type: string;
  readonly id: string;
  /** About whom; null: about nobody here. */
  readonly subjectId: string | null;
  readonly text: string;
}

export interface DocumentWrite {
  readonly kind: 'create' | 'change' | 'delete';
  readonly type: string;
  /** All whom it names, and whom the version before it was about. */
  readonly subjectIds: readonly string[];
  /** As it is to be; undefined where it ends. */
  readonly resource: object | undefined;
}

export interface Viewing {
  /** Undefined: all rows. */
  rows(): RowsSeen | undefined;
  /** Whether there is such a person for the viewer. */
  sees(subjectId: SubjectId): boolean;
  /** Whether the person may be found by who they are: by those who admit them, too. */
  finds(subjectId: SubjectId): boolean;
  seesAlarmsOf(subjectId: SubjectId): boolean;
  /** Whether nothing of the person's documents is kept back: then what is found is found for others as well. */
  seesAllOf(subjectId: SubjectId): boolean;
  seesMetric(subjectId: SubjectId, metric: Metric): boolean;
  /** When what was measured is seen; undefined: whenever. */
  spanOf(subjectId: SubjectId): { readonly fromMs: number; readonly toMs: number } | undefined;
  seesDocument(document: ViewedDocument): boolean;
  /** Of whom it is told who saw them and where it went; undefined: all that the audit has. */
  audited(): readonly SubjectId[] | undefined;
  mayWrite(write: DocumentWrite): boolean;
  /** Whether what a device has measured may be said in its name. */
  speaksForDevices(): boolean;
  /** Of a SMART token; undefined: nothing narrows what the caller may do. */
  readonly scopes: ScopesSeen | undefined;
}

/** What the scopes of a token leave, whatever its holder may see. */
export interface ScopesSeen {
  /** Whether a document is shown; of what memory tells, where no row is found. */
  shows(type: string, subjectId: string | null, content: object | undefined): boolean;
  mayRead(type: string): boolean;
  /** By these parameters; undefined: resources of all types. */
  maySearch(type: string | undefined, parameters: readonly string[]): boolean;
  /** Whether some of a type are shown and others are not, so that no row is counted unseen. */
  isByResource(type: string): boolean;
}

const storage = new AsyncLocalStorage<Viewing | undefined>();

/** For whom this is done; undefined: for the platform itself. */
export const viewing = (): Viewing | undefined => storage.getStore();

export const viewAs = <T>(viewer: Viewing, work: () => T): T => storage.run(viewer, work);

/** What is kept for all who ask is read for all, and what many ask for is read at once. */
export const viewAsPlatform = <T>(work: () => T): T => storage.run(undefined, work);

/** What is told piece by piece, whenever somebody asks for the next one: for whom it was begun. */
export function inView<Piece>(pieces: AsyncIterable<Piece>): AsyncIterable<Piece> {
  return viewedBy(storage.getStore(), pieces[Symbol.asyncIterator]());
}

async function* viewedBy<Piece>(
  viewer: Viewing | undefined,
  iterator: AsyncIterator<Piece>,
): AsyncGenerator<Piece> {
  try {
    for (;;) {
      const next = await storage.run(viewer, () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
