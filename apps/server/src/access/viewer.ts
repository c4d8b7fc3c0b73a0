/**
 * What one caller may see and do, as the rest of the server asks it: by row, by person, by metric, by document.
 * Each answer is the policy's; what is the same for many persons is asked once.
 */
import { categoryOf } from '@ausculta/fhir/observation';
import { SYSTEM } from '@ausculta/fhir/systems';
import type { Action, DataClass, Purpose } from '@ausculta/policy/vocabulary';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { DocumentWrite, RowsSeen, ViewedDocument, Viewing } from '../database/viewing.ts';
import { isWall } from '../people/wall.ts';
import { classOf, isTypeOfHouse } from './document-class.ts';
import { documentFacts, subjectsTold } from './document-facts.ts';
import { type Asked, type Asker, type Gate, holderOf } from './gate.ts';
import type { Manner } from './manner.ts';
import type { Scope } from './scope.ts';
import type { SmartLimits } from './smart-limits.ts';

export interface ViewerParts {
  readonly asker: Asker;
  readonly gate: Gate;
  readonly scopeOf: (manner: Manner) => Scope;
  /** Of a SMART token. */
  readonly limits: SmartLimits | undefined;
}

const LETTER_OF = { create: 'c', change: 'u', delete: 'd' } as const;

export class Viewer implements Viewing {
  readonly asker: Asker;
  readonly scopes: SmartLimits | undefined;
  /** Whoever holds the token, if one was shown: both are asked, each in its own words. */
  readonly #holder: Asker;
  readonly #gate: Gate;
  readonly #parts: ViewerParts;
  readonly #manner: Manner;
  /** Of whom this request was let in by its address. */
  readonly #reached = new Set<SubjectId>();
  readonly #known = new Map<string, boolean>();
  #knownVersion = -1;

  /** For what the policy has let this caller in, last; an emergency stays one. */
  purpose: Purpose | undefined;

  constructor(parts: ViewerParts, manner: Manner) {
    const { asker, gate, limits } = parts;
    this.asker = asker;
    this.scopes = limits;
    this.#holder = holderOf(asker);
    this.#gate = gate;
    this.#parts = parts;
    this.#manner = manner;
  }

  /** The same caller, who takes along what they see. */
  exporting(purposes: readonly Purpose[]): Viewer {
    return new Viewer(this.#parts, {
      action: 'export',
      purposes: this.#manner.purposes ?? purposes,
    });
  }

  may(asked: Asked): boolean {
    return this.decide(asked).isPermitted;
  }

  decide(asked: Asked): ReturnType<Gate['decide']> {
    return this.#decideFor(this.asker, asked);
  }

  #decideFor(asker: Asker, asked: Asked): ReturnType<Gate['decide']> {
    const { purposes } = this.#manner;
    const said = purposes === undefined ? asked : { ...asked, purposes };
    const decision = this.#gate.decide(asker, said);
    if (decision.isPermitted && this.purpose !== 'ETREAT') this.purpose = decision.purpose;
    return decision;
  }

  #scope(): Scope {
    return this.#parts.scopeOf(this.#manner);
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
    if (this.#reached.has(subjectId)) return true;
    return this.#isAbout(subjectId) && this.#mayOnce(this.#manner.action, 'identity', subjectId);
  }

  finds(subjectId: SubjectId): boolean {
    if (this.scopes?.shows('Patient', subjectId, undefined) === false) return false;
    if (this.sees(subjectId)) return true;
    return this.#manner.action === 'read' && this.#mayOnce('search', 'identity', subjectId);
  }

  seesAllOf(subjectId: SubjectId): boolean {
    const isWhole = this.rows() === undefined && this.scopes === undefined;
    return isWhole && !this.#gate.isParticular(subjectId);
  }

  /** Of everybody, and nobody has kept anything back. */
  seesEverything(): boolean {
    const isWhole = this.rows() === undefined && this.scopes === undefined;
    return isWhole && !this.#gate.isAnyParticular();
  }

  seesAlarmsOf(subjectId: SubjectId): boolean {
    if (this.scopes?.shows('Flag', subjectId, undefined) === false) return false;
    return this.#mayOnce(this.#manner.action, 'alarms', subjectId);
  }

  /** Whether a wall display is told that the bed has an alarm, and how urgent it is. */
  seesBedOf(subjectId: SubjectId): boolean {
    return isWall(this.asker.roles) && this.#mayOnce('read', 'alarm-presence', subjectId);
  }

  seesMetric(subjectId: SubjectId, metric: Metric): boolean {
    const { key, kind } = metric;
    if (this.scopes?.shows('Observation', subjectId, asObserved(metric)) === false) return false;
    const dataClass = kind === 'waveform' ? 'waveforms' : 'vitals';
    const { action } = this.#manner;
    const episode = this.spanOf(subjectId);
    if (episode === undefined && !this.#gate.isParticular(subjectId))
      return this.#mayOnce(action, dataClass, subjectId);
    const span = episode && { fromMs: episode.fromMs, untilMs: episode.toMs };
    return this.#holderMay({ action, dataClass, subjectId, metric: key, span });
  }

  spanOf(subjectId: SubjectId): { fromMs: number; toMs: number } | undefined {
    return this.#gate.episodeOf(this.asker, subjectId);
  }

  seesDocument({ type, subjectId, text }: ViewedDocument): boolean {
    const scope = this.#scope();
    if (!scope.reaches(type)) return false;
    // Those who keep nothing back need not be told what it says.
    const isLookedAt = this.scopes?.isByResource(type) === true;
    const content = isLookedAt ? (JSON.parse(text) as object) : undefined;
    if (this.scopes?.shows(type, subjectId, content) === false) return false;
    if (subjectId === null) return true;
    const id = subjectId as SubjectId;
    const isOpen = scope.rows?.only === undefined;
    if (isOpen && !this.#gate.isAnyParticular()) return true;
    const about = this.#aboutWhom(type, id, text);
    if (isOpen && !about.some((one) => this.#gate.isParticular(one))) return true;
    const facts = documentFacts(type, text);
    const { action } = this.#manner;
    return about.every((one) => this.#holderMay({ action, subjectId: one, ...facts }));
  }

  /** What a document says of several persons is each one's to keep back. A patient's own names others by the way. */
  #aboutWhom(type: string, id: SubjectId, text: string): readonly SubjectId[] {
    if (type === 'Patient') return [id];
    const { organisationId } = this.asker;
    const others = [...subjectsTold(text)].filter((one) => this.#gate.isOf(one, organisationId));
    return [...new Set([id, ...others])];
  }

  audited(): readonly SubjectId[] | undefined {
    const { action } = this.#manner;
    if (this.may({ action, dataClass: 'audit' })) return undefined;
    return [...this.#gate.candidates(this.asker)].filter(
      (id) =>
        this.may({ action, dataClass: 'disclosures', subjectId: id }) &&
        this.scopes?.shows('AuditEvent', id, undefined) !== false,
    );
  }

  mayWrite({ kind, type, subjectIds, resource }: DocumentWrite): boolean {
    const dataClass = classOf(type, resource ?? {});
    if (!this.#isWithinScopes({ kind, type, subjectIds, resource })) return false;
    if (subjectIds.length === 0) {
      // What names nobody is made, changed and withdrawn by whoever may make it.
      return this.#holderMay({ action: isTypeOfHouse(type) ? kind : 'create', dataClass });
    }
    return subjectIds.every((id) =>
      this.#holderMay({ action: kind, dataClass, subjectId: id as SubjectId }),
    );
  }

  speaksForDevices(): boolean {
    if (this.scopes?.may('c', 'Observation', null) === false) return false;
    return this.#holderMay({ action: 'change', dataClass: 'devices' });
  }

  /** What is there already is changed by a scope without parameters alone: what it says is not looked at. */
  #isWithinScopes({ kind, type, subjectIds, resource }: DocumentWrite): boolean {
    const { scopes } = this;
    if (scopes === undefined) return true;
    const content = kind === 'create' ? resource : undefined;
    const whose = subjectIds.length === 0 ? [null] : subjectIds;
    return whose.every((id) => scopes.may(LETTER_OF[kind], type, id, content));
  }

  #isAbout(subjectId: SubjectId): boolean {
    return this.scopes?.isAbout(subjectId) ?? true;
  }

  #holderMay(asked: Asked): boolean {
    return this.#decideFor(this.#holder, asked).isPermitted;
  }

  #mayOnce(action: Action, dataClass: DataClass, subjectId: SubjectId): boolean {
    const version = this.#gate.version;
    if (version !== this.#knownVersion) this.#known.clear();
    this.#knownVersion = version;
    const key = `${action} ${dataClass} ${subjectId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const may = this.#holderMay({ action, dataClass, subjectId });
    this.#known.set(key, may);
    return may;
  }
}

/** By which a scope for some categories knows the Observation that a reading is told as. */
function asObserved(metric: Metric): object {
  const code = categoryOf(metric);
  return { category: [{ coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code }] }] };
}
