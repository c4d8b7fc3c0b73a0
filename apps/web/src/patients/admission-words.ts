/** What an admission system said and was refused, and what to do about it: in plain words. */
import type { RefusedAdmission } from '@ausculta/contract/admissions';
import type { SubjectView } from '@ausculta/contract/subjects';
import { nameText } from '../vitals/identity-text.ts';

const ACTS: Readonly<Record<string, string>> = {
  admit: 'Admission',
  transfer: 'Transfer',
  discharge: 'Discharge',
  merge: 'Merging',
  swap: 'Change of beds',
  'cancel-admit': 'Cancelled admission',
  'cancel-transfer': 'Cancelled transfer',
  'cancel-discharge': 'Cancelled discharge',
};

export interface AdmissionWords {
  readonly title: string;
  readonly why: string;
  readonly mend: string;
}

export function admissionWords(
  refused: RefusedAdmission,
  subjects: readonly SubjectView[],
): AdmissionWords {
  const { what, name, recordNumber, bed } = refused;
  const who = name === '' ? recordNumber : `${name} (${recordNumber})`;
  const goesTo = bed !== null && what !== 'discharge' ? ` to ${bedText(bed)}` : '';
  const title = `${ACTS[what] ?? 'Message'} of ${who}${goesTo} was refused`;
  return { title, ...reasonOf(refused, subjects) };
}

function reasonOf(
  { fault, detail, subjectId, bed, inBed }: RefusedAdmission,
  subjects: readonly SubjectView[],
): Omit<AdmissionWords, 'title'> {
  const other = subjects.find(({ id }) => id === inBed && id !== subjectId);
  if (other !== undefined && bed !== null) {
    const { identity } = other;
    const occupant = `${nameText(identity)} (${identity.recordNumber})`;
    return {
      why: `By an earlier message ${bedText(bed)} is that of ${occupant}, and two patients are never put into one bed.`,
      mend: `See who lies there. The monitor of the bed still counts for ${nameText(identity)}: if it is on somebody else, say so on the page of the device. Then have the admission system tell where ${nameText(identity)} went, and send this message again.`,
    };
  }
  if (fault === 'PATIENT_UNKNOWN') {
    return {
      why: 'Nobody here has this number: the patient was not admitted here.',
      mend: 'If the patient lies here, have the admission sent, and then this message again. Until then a monitor shows them as the unknown patient of their bed.',
    };
  }
  const said = detail === null ? '' : ` (${detail})`;
  return {
    why: `It contradicts what is known here of where the patient lies${said}. Nothing has changed.`,
    mend: 'See where the patient lies. Where it is not as this list of patients says, have the admission system corrected, and say on the page of the device whose it is.',
  };
}

function bedText({ ward, bed }: NonNullable<RefusedAdmission['bed']>): string {
  const name = /^bed\b/i.test(bed.trim()) ? bed.trim() : `bed ${bed.trim()}`;
  return ward === '' ? name : `${name} of ${ward}`;
}
