/**
 * A Patient of somebody else and the subject of ours are one: what the registry knows of a person is
 * taken from the resource, and what the registry has learned since is said in it.
 */
import type { SubjectIdentity } from '@ausculta/vitals/subject';
import type { HumanName, Identifier, Patient } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

/** Of a resource; a number is not there when the resource has none. */
export type PatientIdentity = Pick<SubjectIdentity, 'familyName' | 'givenName' | 'sex'> &
  Partial<Pick<SubjectIdentity, 'birthDate' | 'recordNumber' | 'invented'>>;

export function identityOf(patient: Patient): PatientIdentity {
  const name = nameOf(patient);
  const number = numberOf(patient)?.value;
  const isTest = patient.meta?.security?.some(({ code }) => code === 'HTEST') ?? false;
  return {
    familyName: name?.family ?? name?.text ?? '',
    givenName: name?.given?.join(' ') ?? '',
    sex: patient.gender ?? 'unknown',
    ...(patient.birthDate !== undefined && { birthDate: patient.birthDate }),
    ...(number !== undefined && { recordNumber: number }),
    ...(isTest && { invented: true }),
  };
}

/** The official one, else the one in use, else the first that is not of the past. */
function nameOf({ name = [] }: Patient): HumanName | undefined {
  const of = (use: HumanName['use']) => name.find((one) => one.use === use);
  return of('official') ?? of('usual') ?? name.find(({ use }) => use !== 'old') ?? name[0];
}

/** Ours, else the first medical record number. */
function numberOf(patient: Patient): Identifier | undefined {
  return ownNumber(patient) ?? current(patient, isRecordNumber);
}

/** The number under which the patient is known here; another hospital's is none of it. */
export function ownNumberOf(patient: Patient): string | undefined {
  return ownNumber(patient)?.value;
}

function ownNumber(patient: Patient): Identifier | undefined {
  return current(patient, ({ system }) => system === SYSTEM.RECORD_NUMBER);
}

/** Whoever corrects a number may leave the one before it in the list, as one of the past. */
function current(
  { identifier = [] }: Patient,
  isMeant: (one: Identifier) => boolean,
): Identifier | undefined {
  const meant = identifier.filter((one) => one.value !== undefined && isMeant(one));
  return meant.find(({ use }) => use !== 'old') ?? meant[0];
}

const RECORD_NUMBER_TYPE = { system: SYSTEM.IDENTIFIER_TYPE, code: 'MR' };

function isRecordNumber({ type }: Identifier): boolean {
  const { system: ours, code: mr } = RECORD_NUMBER_TYPE;
  return type?.coding?.some(({ system, code }) => system === ours && code === mr) ?? false;
}

/** As the registry's own number is told. */
export function recordNumberOf(value: string): Identifier {
  return { type: { coding: [RECORD_NUMBER_TYPE] }, system: SYSTEM.RECORD_NUMBER, value };
}

/** The resource with what is known now where that differs; the very same object where nothing does. */
export function withIdentity(patient: Patient, known: SubjectIdentity): Patient {
  const said = identityOf(patient);
  let told = patient;
  if (said.familyName !== known.familyName || said.givenName !== known.givenName) {
    told = { ...told, name: renamed(told, known) };
  }
  if (said.sex !== known.sex) told = { ...told, gender: known.sex };
  if (said.birthDate !== known.birthDate) {
    const { birthDate: _said, ...rest } = told;
    told = { ...rest, ...(known.birthDate !== undefined && { birthDate: known.birthDate }) };
  }
  if (said.recordNumber !== undefined && said.recordNumber !== known.recordNumber) {
    told = { ...told, identifier: renumbered(told, known) };
  }
  return told;
}

/** Another hospital's number stays what it is: ours stands beside it. */
function renumbered(patient: Patient, { recordNumber: value }: SubjectIdentity): Identifier[] {
  const { identifier = [] } = patient;
  const own = ownNumber(patient);
  if (own === undefined) return [...identifier, recordNumberOf(value)];
  return identifier.map((one) => (one === own ? { ...one, value } : one));
}

function renamed(patient: Patient, { familyName, givenName }: SubjectIdentity): HumanName[] {
  const current = nameOf(patient);
  const others = (patient.name ?? []).filter((one) => one !== current);
  const name: HumanName = {
    ...(current?.use !== undefined && { use: current.use }),
    ...(familyName !== '' && { family: familyName }),
    ...(givenName !== '' && { given: [givenName] }),
  };
  return [name, ...others];
}
