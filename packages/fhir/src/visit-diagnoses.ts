/** For what a visit was: its Conditions by ICD-10-CM, the first the principal one. */
import type { ClaimDiagnosis, Condition, Reference } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import { lack, type Part, type Visit } from './visit.ts';

export type CodedDiagnosis = Pick<ClaimDiagnosis, 'diagnosisCodeableConcept'>;

/** Of an 837P (HI segments of loop 2300). */
const DIAGNOSES_MAX = 12;

export function diagnosesOf(visit: Visit): Part<readonly CodedDiagnosis[]> {
  const references = referencesOf(visit);
  const at = 'Encounter.diagnosis';
  if (references.length === 0)
    return lack('required', at, 'diagnosis or reasonReference names a Condition.');
  if (references.length > DIAGNOSES_MAX)
    return lack('too-long', at, 'A claim has 12 diagnoses at most.');
  const parts = references.map((reference) => codedOf(visit, reference));
  const lacks = parts.flatMap((one) => (one.ok ? [] : one.lacks));
  if (lacks.length > 0) return { ok: false, lacks };
  const codes = new Set(parts.flatMap((one) => (one.ok ? [one.value] : [])));
  const value = [...codes].map((code) => ({
    diagnosisCodeableConcept: { coding: [{ system: SYSTEM.ICD_10_CM, code }] },
  }));
  return { ok: true, value };
}

/** By rank, then as they stand; Procedures among them are no diagnoses. */
function referencesOf({ encounter: { diagnosis = [], reasonReference = [] } }: Visit): Reference[] {
  const ranked = diagnosis.toSorted(
    (a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || 0,
  );
  const all = [...ranked.map(({ condition }) => condition), ...reasonReference].filter(
    (one) => one?.reference !== undefined && /(^|\/)Condition\//.test(one.reference),
  );
  return [...new Map(all.map((one) => [one.reference, one])).values()];
}

function codedOf({ find, isPatient }: Visit, reference: Reference): Part<string> {
  const condition = find(['Condition'], reference);
  const at = 'Encounter.diagnosis';
  if (condition === undefined) return lack('not-found', at, 'A Condition is not here.');
  if (!isPatient(condition.subject))
    return lack('business-rule', 'Condition.subject', 'A Condition is of another patient.');
  // What is suspected is not coded as if it were so (ICD-10-CM guidelines, section IV.H).
  if (!isConfirmed(condition))
    return lack('business-rule', 'Condition.verificationStatus', 'A Condition is not confirmed.');
  const code = condition.code?.coding?.find(({ system }) => system === SYSTEM.ICD_10_CM)?.code;
  if (code === undefined || !/^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$/.test(code))
    return lack('required', 'Condition.code', 'A Condition has no code of ICD-10-CM.');
  return { ok: true, value: code };
}

function isConfirmed({ verificationStatus }: Condition): boolean {
  if (verificationStatus === undefined) return true;
  return (verificationStatus.coding ?? []).some(({ code }) => code === 'confirmed');
}
