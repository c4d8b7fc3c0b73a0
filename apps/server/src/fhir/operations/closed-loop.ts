/**
 * From a measured value to what came of it: the alarms about it, the Tasks for it, the revision of a
 * CarePlan that they led to, and who says so. Each step follows what was written down, and has its bound.
 */
import { causesOfPlan, causesOfTask, changedBy, wholesOfTask } from '@ausculta/fhir/loop-links';
import { parseReference, referenceHere } from '@ausculta/fhir/reference';
import { SYSTEM } from '@ausculta/fhir/systems';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { CarePlan, Provenance, Reference, Resource, Task } from '@medplum/fhirtypes';
import type { ToldAlarm } from '../alarm-flags.ts';
import { type Answer, type Refusal, refuseFor } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { PATIENT } from '../patients.ts';
import type { Repository } from '../repository.ts';

export const ALARMS_MAX = 20;
const FOUND_MAX = 100;
const TASKS_MAX = 50;
const REVISIONS_MAX = 20;
/** A Task that is part of a Task that is part of one. */
const DEPTH_MAX = 3;
const VERSIONS_MAX = 100;

export interface LoopOf {
  readonly organisationId: OrganisationId;
  readonly baseUrl: string;
  readonly observation: FhirDocument;
  readonly alarms: readonly ToldAlarm[];
  /** The records of the patient. */
  readonly subjectIds: readonly SubjectId[];
  /** What was written before it cannot have followed from it. */
  readonly sinceMs: number;
}

interface Written<R extends Resource> {
  readonly document: FhirDocument;
  readonly resource: R;
}

export interface Loop {
  readonly tasks: readonly FhirDocument[];
  readonly provenances: readonly FhirDocument[];
  /** In the order of time. */
  readonly revisions: readonly FhirDocument[];
  readonly isCut: boolean;
  readonly isUnreadable: boolean;
  /** A plan was named without its version, and told as it is now. */
  readonly isUnversioned: boolean;
}

export async function followed(repository: Repository, of: LoopOf): Promise<Answer<Loop>> {
  const walk = new Walk(repository, of);
  try {
    return { ok: true, value: await walk.go() };
  } catch (error) {
    if (error instanceof NotFollowed) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

class NotFollowed extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('a step of the loop was refused');
    this.refusal = refusal;
  }
}

class Walk {
  readonly #repository: Repository;
  readonly #of: LoopOf;
  /** "Type/id" of what has been come to. */
  readonly #names: Set<string>;
  readonly #alarmIds: ReadonlySet<string>;
  #isCut = false;
  #isUnreadable = false;
  #isUnversioned = false;

  constructor(repository: Repository, of: LoopOf) {
    this.#repository = repository;
    this.#of = of;
    const documents = [of.observation, ...of.alarms.map(({ document }) => document)];
    this.#names = new Set(documents.map(nameOf));
    this.#alarmIds = new Set(of.alarms.map(({ alarm }) => alarm.alarmId));
  }

  async go(): Promise<Loop> {
    const tasks = await this.#tasks();
    const provenances = await this.#found<Provenance>('Provenance', [['entity', this.#all()]]);
    const revisions = await this.#revisions(tasks, provenances);
    const told = new Set(revisions.map(nameOf));
    const isAboutOne = ({ resource }: Written<Provenance>): boolean =>
      changedBy(resource).some((one) => told.has(this.#named(one)?.name ?? ''));
    return {
      tasks: tasks.map(({ document }) => document),
      provenances: provenances.filter(isAboutOne).map(({ document }) => document),
      revisions,
      isCut: this.#isCut,
      isUnreadable: this.#isUnreadable,
      isUnversioned: this.#isUnversioned,
    };
  }

  async #tasks(): Promise<Written<Task>[]> {
    const direct = this.#all();
    const lists = [
      await this.#found<Task>('Task', [['focus', direct]]),
      await this.#found<Task>('Task', [['based-on', direct]]),
      await this.#found<Task>('Task', [['patient', this.#patients()], this.#since()]),
    ];
    const all = new Map(lists.flat().map((one) => [nameOf(one.document), one]));
    const linked: Written<Task>[] = [];
    for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
      const more = [...all].filter(([, { resource }]) =>
        (depth === 0 ? causesOfTask : wholesOfTask)(resource).some((one) => this.#isMeant(one)),
      );
      for (const [name, task] of more) {
        all.delete(name);
        // One for somebody else is of another record, whatever it refers to.
        if (task.resource.for !== undefined && !this.#isPatient(task.resource.for)) continue;
        if (linked.length === TASKS_MAX) this.#isCut = true;
        else {
          linked.push(task);
          this.#names.add(name);
        }
      }
    }
    return linked;
  }

  async #revisions(
    tasks: readonly Written<Task>[],
    provenances: readonly Written<Provenance>[],
  ): Promise<FhirDocument[]> {
    const named = [...provenances, ...tasks].flatMap(({ resource }) => changedBy(resource));
    const versions = new Map<string, FhirDocument>();
    const note = (plan: FhirDocument): void => {
      if (versions.size < REVISIONS_MAX) versions.set(`${plan.id}/${plan.versionId}`, plan);
      else this.#isCut = true;
    };
    for (const reference of named) {
      const plan = await this.#planOf(reference);
      if (plan !== undefined) note(plan);
    }
    const known = new Set([...versions.values()].map(({ id }) => id));
    const own = await this.#found<CarePlan>('CarePlan', [
      ['patient', this.#patients()],
      this.#since(),
    ]);
    for (const plan of own) {
      // Who says which version it was knows better than the plan itself.
      if (known.has(plan.document.id) || !this.#isLinked(plan.resource)) continue;
      note(await this.#firstLinked(plan.document));
    }
    return [...versions.values()].sort((a, b) => (a.updatedMs ?? 0) - (b.updatedMs ?? 0));
  }

  /** The version that a reference names; undefined for what is no plan of the patient, or not here. */
  async #planOf(reference: Reference | undefined): Promise<FhirDocument | undefined> {
    const { type, id, version } = this.#named(reference) ?? {};
    if (type !== 'CarePlan' || id === undefined) return undefined;
    const { organisationId } = this.#of;
    const read = await (version === undefined
      ? this.#repository.read(organisationId, { type, id })
      : this.#repository.readVersion(organisationId, { type, id, versionId: version }));
    if (!read.ok) {
      this.#isUnreadable ||= read.refusal.status >= 500;
      return undefined;
    }
    const plan = JSON.parse(read.value.text ?? '') as CarePlan;
    if (!this.#isPatient(plan.subject)) return undefined;
    this.#isUnversioned ||= version === undefined;
    return read.value;
  }

  /** Of a plan that has a link now: the version that came with it. */
  async #firstLinked(plan: FhirDocument): Promise<FhirDocument> {
    const { type, id } = plan;
    const question = { type, id, sinceMs: 0, after: undefined, limit: VERSIONS_MAX };
    const { documents } = await this.#repository.history(this.#of.organisationId, question);
    let first = plan;
    for (const version of documents) {
      if (version.text === undefined) break;
      if (!this.#isLinked(JSON.parse(version.text) as CarePlan)) break;
      first = version;
    }
    return first;
  }

  #isLinked(plan: CarePlan): boolean {
    return causesOfPlan(plan).some((one) => this.#isMeant(one));
  }

  #isMeant(reference: Reference | undefined): boolean {
    const { system, value } = reference?.identifier ?? {};
    const byNumber = system === SYSTEM.ALARM && this.#alarmIds.has(value ?? '');
    return byNumber || this.#names.has(this.#named(reference)?.name ?? '');
  }

  #isPatient(reference: Reference | undefined): boolean {
    const name = this.#named(reference)?.name;
    return this.#of.subjectIds.some((id) => name === `${PATIENT}/${id}`);
  }

  /** Of what is on this server. */
  #named(reference: Reference | undefined) {
    const text = reference?.reference ?? '';
    const target = parseReference(referenceHere(text, this.#of.baseUrl) ?? text);
    if (target === undefined || target.base !== undefined) return undefined;
    return { ...target, name: nameOf(target) };
  }

  #all(): string {
    return [...this.#names].join();
  }

  #patients(): string {
    return this.#of.subjectIds.map((id) => `${PATIENT}/${id}`).join();
  }

  #since(): readonly [string, string] {
    return ['_lastUpdated', `ge${new Date(this.#of.sinceMs).toISOString()}`];
  }

  async #found<R extends Resource>(
    type: R['resourceType'],
    filters: readonly (readonly [string, string])[],
  ): Promise<Written<R>[]> {
    const { organisationId, baseUrl } = this.#of;
    const asked = [...filters, ['_count', String(FOUND_MAX)] as const];
    const query = await this.#repository.parse(type, asked, { isStrict: true, baseUrl });
    if (!query.ok) throw new NotFollowed(refuseFor(query.fault).refusal);
    const page = await this.#repository.search(organisationId, query.value);
    if (!page.ok) throw new NotFollowed(refuseFor(page.fault).refusal);
    this.#isCut ||= page.value.next !== undefined;
    this.#isUnreadable ||= page.value.isUnreadable;
    return page.value.matches.map((document) => {
      return { document, resource: JSON.parse(document.text) as R };
    });
  }
}

const nameOf = ({ type, id }: { readonly type: string; readonly id: string }): string =>
  `${type}/${id}`;
