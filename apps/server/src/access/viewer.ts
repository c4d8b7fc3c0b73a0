/**
 * What one caller may see and do, as the rest of the server asks it: by row, by person, by metric, by document.
 * Each answer is the policy's; what is the same for many persons is asked once.
 */
import type { Action, DataClass } from '@ausculta/policy/vocabulary';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { DocumentWrite, RowsSeen, ViewedDocument, Viewing } from '../database/viewing.ts';
import { classOf, isTypeOfHouse } from './document-class.ts';
import { documentFacts, subjectsTold } from './document-facts.ts';
import type { Asked, Asker, Gate } from './gate.ts';
import type { Scope } from './scope.ts';

export class Viewer implements Viewing {
  readonly asker: Asker;
  readonly #gate: Gate;
  readonly #scope: () => Scope;
  /** Of whom this request was let in by its address. */
  readonly #reached = new Set<SubjectId>();
  readonly #known = new Map<string, boolean>();
  #knownVersion = -1;

  constructor(asker: Asker, gate: Gate, scope: () => Scope) {
    this.asker = asker;
    this.#gate = gate;
    this.#scope = scope;
  }

  may(asked: Asked): boolean {
    return this.#gate.may(this.asker, asked);
  }

  decide(asked: Asked): ReturnType<Gate['decide']> {
    return this.#gate.decide(this.asker, asked);
  }

  /** Whoever may erase a record need not see whose it is. */
  noteReached(subjectId: SubjectId): void {
    this.#reached.add(subjectId);
  }

  rows(): RowsSeen | undefined {
    return this.#scope().rows;
  }

  /** Whether documents of this type are seen at all, of anybody. */
  reaches(type: string): boolean {
    return this.#scope().reaches(type);
  }

  sees(subjectId: SubjectId): boolean {
    return this.#reached.has(subjectId) || this.#mayOnce('read', 'identity', subjectId);
  }

  finds(subjectId: SubjectId): boolean {
    return this.sees(subjectId) || this.#mayOnce('search', 'identity', subjectId);
  }

  seesAllOf(subjectId: SubjectId): boolean {
    return this.rows() === undefined && !this.#gate.isParticular(subjectId);
  }

  /** Of everybody, and nobody has kept anything back. */
  seesEverything(): boolean {
    return this.rows() === undefined && !this.#gate.isAnyParticular();
  }

  seesAlarmsOf(subjectId: SubjectId): boolean {
    return this.#mayOnce('read', 'alarms', subjectId);
  }

  seesMetric(subjectId: SubjectId, { key, kind }: Metric): boolean {
    const dataClass = kind === 'waveform' ? 'waveforms' : 'vitals';
    const episode = this.spanOf(subjectId);
    if (episode === undefined && !this.#gate.isParticular(subjectId))
      return this.#mayOnce('read', dataClass, subjectId);
    const span = episode && { fromMs: episode.fromMs, untilMs: episode.toMs };
    return this.may({ action: 'read', dataClass, subjectId, metric: key, span });
  }

  spanOf(subjectId: SubjectId): { fromMs: number; toMs: number } | undefined {
    return this.#gate.episodeOf(this.asker, subjectId);
  }

  seesDocument({ type, subjectId, text }: ViewedDocument): boolean {
    const scope = this.#scope();
    if (!scope.reaches(type)) return false;
    if (subjectId === null) return true;
    const id = subjectId as SubjectId;
    const isOpen = scope.rows?.only === undefined;
    if (isOpen && !this.#gate.isAnyParticular()) return true;
    const about = this.#aboutWhom(type, id, text);
    if (isOpen && !about.some((one) => this.#gate.isParticular(one))) return true;
    const facts = documentFacts(type, text);
    return about.every((one) => this.may({ action: 'read', subjectId: one, ...facts }));
  }

  /** What a document says of several persons is each one's to keep back. A patient's own names others by the way. */
  #aboutWhom(type: string, id: SubjectId, text: string): readonly SubjectId[] {
    if (type === 'Patient') return [id];
    const { organisationId } = this.asker;
    const others = [...subjectsTold(text)].filter((one) => this.#gate.isOf(one, organisationId));
    return [...new Set([id, ...others])];
  }

  mayWrite({ kind, type, subjectIds, resource }: DocumentWrite): boolean {
    // A flag that a person raises is a note, and no alarm of ours.
    const dataClass = type === 'Flag' ? 'documents' : classOf(type, resource ?? {});
    if (subjectIds.length === 0) {
      // What names nobody is made, changed and withdrawn by whoever may make it.
      return this.may({ action: isTypeOfHouse(type) ? kind : 'create', dataClass });
    }
    return subjectIds.every((id) =>
      this.may({ action: kind, dataClass, subjectId: id as SubjectId }),
    );
  }

  #mayOnce(action: Action, dataClass: DataClass, subjectId: SubjectId): boolean {
    const version = this.#gate.version;
    if (version !== this.#knownVersion) this.#known.clear();
    this.#knownVersion = version;
    const key = `${action} ${dataClass} ${subjectId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const may = this.may({ action, dataClass, subjectId });
    this.#known.set(key, may);
    return may;
  }
}
