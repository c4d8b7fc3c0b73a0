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
function numberOf({ identifier = [] }: Patient): Identifier | undefined {
  const isRecordNumber = ({ type }: Identifier): boolean =>
    type?.coding?.some(({ system, code }) => system === SYSTEM.IDENTIFIER_TYPE && code === 'MR') ??
    false;
  return (
    identifier.find(({ system }) => system === SYSTEM.RECORD_NUMBER) ??
    identifier.find((one) => isRecordNumber(one) && one.value !== undefined)
  );
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
    const number = numberOf(told);
    const identifier = (told.identifier ?? []).map((one) =>
      one === number ? { ...one, value: known.recordNumber } : one,
    );
    told = { ...told, identifier };
  }
  return told;
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
