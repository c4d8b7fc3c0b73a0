/**
 * Patients: a Patient by FHIR and a subject are one. The registry knows who it is, and everything
 * here that watches and names goes by it; the document holds what was said beside that. What is told
 * is the document with what the registry knows now, or what the registry knows alone.
 */
import { toPatient } from '@ausculta/fhir/patient';
import { identityOf, ownNumberOf, withIdentity } from '@ausculta/fhir/patient-identity';
import { withLinks } from '@ausculta/fhir/patient-links';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Patient, Resource } from '@medplum/fhirtypes';
import type { Transaction } from '../database/pool.ts';
import { viewing } from '../database/viewing.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { type Answer, GONE, NOT_HERE, refuse } from './answer.ts';
import type { FhirDocument } from './document.ts';
import { type RecordsBehind, recordsBehind } from './same-person.ts';

export const PATIENT = 'Patient';

export interface PatientPorts {
  readonly registry: Registry;
  readonly keys: Pick<SubjectKeys, 'isShredded' | 'sealOf'>;
  /** Of whom is known as this now: where nobody has said it, it goes by the birth date as well. */
  readonly categoryOf: (subject: RegisteredSubject) => PatientCategory;
  /** What was merged into what. */
  readonly recordsOf: (subjectId: SubjectId) => PatientRecords;
}

export interface PatientRecords {
  readonly into: SubjectId | undefined;
  readonly from: readonly SubjectId[];
}

/** Who says so, and when. */
export interface Statement {
  /** The account; undefined for a program under none. */
  readonly actor: string | undefined;
  readonly atMs: number;
}

/** A change of the registry that becomes true when its transaction does. */
export interface SubjectChange {
  readonly subject: RegisteredSubject;
  /** What memory learns once the rows are durable. */
  readonly done: () => void;
}

export class Patients {
  readonly #ports: PatientPorts;

  constructor(ports: PatientPorts) {
    this.#ports = ports;
  }

  isSubject = (organisationId: OrganisationId, id: SubjectId): boolean =>
    this.#ports.registry.subjects.get(id)?.organisationId === organisationId;

  of(organisationId: OrganisationId, id: string): RegisteredSubject | undefined {
    const subjectId = parseSubjectId(id);
    const subject = subjectId && this.#ports.registry.subjects.get(subjectId);
    if (subject?.organisationId !== organisationId || !isPerson(subject)) return undefined;
    return (viewing()?.sees(subject.id) ?? true) ? subject : undefined;
  }

  /** As it is told: who it is, and which records are the same person's. */
  tell(subject: RegisteredSubject, document: FhirDocument | undefined): PatientDocument {
    return patientDocument(subject, document, this.#ports.recordsOf(subject.id));
  }

  /** Those that were merged into this record, and into them. */
  readonly behind: RecordsBehind = (id) =>
    recordsBehind(id, (one) => this.#ports.recordsOf(one).from);

  /** A record that another goes on for is told, and no longer written. */
  isReplaced({ id }: RegisteredSubject): boolean {
    return this.#ports.recordsOf(id).into !== undefined;
  }

  /** Another number after each change of anybody. */
  get changes(): number {
    return this.#ports.registry.subjectChanges;
  }

  *all(organisationId: OrganisationId): Iterable<RegisteredSubject> {
    for (const subject of this.#ports.registry.subjects.values()) {
      if (subject.organisationId === organisationId && isPerson(subject)) yield subject;
    }
  }

  /** A new person, under an id that nobody has had. */
  async add(
    tx: Transaction,
    organisationId: OrganisationId,
    { id, patient }: { readonly id: string; readonly patient: Patient },
  ): Promise<Answer<SubjectChange>> {
    const { registry, keys } = this.#ports;
    const subjectId = parseSubjectId(id);
    if (subjectId === undefined) {
      const text = 'The id of a new Patient is a UUID. Send it by POST, and it is given one.';
      return refuse(422, { code: 'business-rule', text, at: 'Patient.id' });
    }
    if (keys.isShredded(subjectId)) return GONE;
    // Of another organisation, or no person: its id is taken all the same.
    if (registry.subjects.has(subjectId)) return NOT_HERE;
    const { recordNumber = `A-${id.slice(0, 8).toUpperCase()}`, ...identity } = identityOf(patient);
    const subject = await registry.write(tx, {
      organisationId,
      id: subjectId,
      kind: 'patient',
      // Nobody has said what limits may apply: none do, and the screens say so.
      category: 'unknown',
      paced: 'unknown',
      identity: { ...identity, recordNumber },
    });
    return { ok: true, value: { subject, done: () => registry.written(subject) } };
  }

  /**
   * What was said of a person anew, and by whom; and the Patient as it is to be kept. A number corrects
   * ours only where it is said to be ours: another hospital's stands beside it.
   */
  async change(
    tx: Transaction,
    subject: RegisteredSubject,
    patient: Patient,
    { actor, atMs }: Statement,
  ): Promise<SubjectChange & { readonly patient: Patient }> {
    const { registry, keys, categoryOf } = this.#ports;
    const { ward, bed } = subject.identity;
    const recordNumber = ownNumberOf(patient) ?? subject.identity.recordNumber;
    const place = { ...(ward !== undefined && { ward }), ...(bed !== undefined && { bed }) };
    const known = { ...subject, identity: { ...identityOf(patient), ...place, recordNumber } };
    const changed = { ...known, category: categoryOf(known) };
    await registry.rewrite(tx, changed);
    const seal = keys.sealOf(subject.id);
    const value = {
      before: { identity: subject.identity, category: subject.category },
      after: { identity: changed.identity, category: changed.category },
    };
    await appendAudit(tx, {
      organisationId: subject.organisationId,
      actor,
      act: 'patient-updated',
      target: `subject/${subject.id}`,
      atMs,
      ...(seal && { detail: { seal, value } }),
    });
    const told = withIdentity(patient, changed.identity);
    return { subject: changed, done: () => registry.rewritten(changed), patient: told };
  }

  /**
   * The first of these changes that would give somebody the number of another, as all of them leave
   * it: two patients whose numbers were mixed up may change them with one another.
   */
  clashIn(organisationId: OrganisationId, changes: readonly SubjectChange[]): number | undefined {
    const changed = new Set(changes.map(({ subject }) => subject.id));
    const given = new Set<string>();
    for (const [at, { subject }] of changes.entries()) {
      const { recordNumber } = subject.identity;
      const holder = this.#ports.registry.subjectByNumber(organisationId, recordNumber);
      const isTaken = holder !== undefined && !changed.has(holder.id);
      if (isTaken || given.has(recordNumber)) return at;
      given.add(recordNumber);
    }
    return undefined;
  }
}

export const NUMBER_TAKEN = refuse(409, {
  code: 'duplicate',
  text: 'Another patient here has this record number.',
  at: 'Patient.identifier',
});

/** A bed with an unknown patient is a patient to those who ask: nobody is left out for want of a name. */
function isPerson({ kind }: RegisteredSubject): boolean {
  return kind === 'patient' || kind === 'bed';
}

export type PatientDocument = FhirDocument & { readonly text: string; readonly resource: Resource };

/** Of a subject: the document, as long as the registry knows nothing newer than it. */
function patientDocument(
  subject: RegisteredSubject,
  document: FhirDocument | undefined,
  records: PatientRecords,
): PatientDocument {
  const { id, identity } = subject;
  const own = { type: PATIENT, id, subjectIds: [id] };
  if (document?.text === undefined) {
    const { meta, ...rest } = withLinks(toPatient(subject), records);
    const versionId = versionOf('0', rest);
    const { resourceType, id: _own, ...told } = rest;
    const resource = { resourceType, id, meta: { ...meta, versionId }, ...told };
    const text = JSON.stringify(resource);
    return { ...own, versionId, updatedMs: undefined, text, resource };
  }
  const { text, updatedMs } = document;
  const said = JSON.parse(text) as Patient;
  const told = withLinks(withIdentity(said, identity), records);
  if (told === said) return { ...document, ...own, text, resource: said };
  const versionId = versionOf(document.versionId, told);
  const resource = { ...told, meta: { ...told.meta, versionId } };
  return { ...own, versionId, updatedMs, text: JSON.stringify(resource), resource };
}

/** Another one for each state of the registry, so that nobody writes over what they have not seen. */
function versionOf(version: string, patient: object): string {
  return `${version}.${sha256Hex(JSON.stringify(patient)).slice(0, 16)}`;
}
