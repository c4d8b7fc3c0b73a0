/** Two records of one person, as FHIR tells it: what was merged is replaced by the record that goes on. */
import type { Patient, PatientLink } from '@medplum/fhirtypes';

export interface MergedRecords {
  /** The record that goes on; undefined for one that is used itself. */
  readonly into: string | undefined;
  /** Those that were merged into this one. */
  readonly from: readonly string[];
}

/** Links that are ours carry an id, so that those of others stay when a merge is undone. */
const OURS = 'merged-';

/** The very same object where nothing is to be told. */
export function withLinks(patient: Patient, { into, from }: MergedRecords): Patient {
  const ours = [
    ...(into === undefined ? [] : [linkTo(into, 'replaced-by')]),
    ...from.map((id) => linkTo(id, 'replaces')),
  ];
  const given = patient.link ?? [];
  const others = given.filter(
    (one) => !one.id?.startsWith(OURS) && !ours.some((own) => isSame(own, one)),
  );
  const isTold = JSON.stringify(given) === JSON.stringify([...others, ...ours]);
  const isActive = into === undefined || patient.active === false;
  if (isTold && isActive) return patient;
  const { link: _given, ...rest } = patient;
  const link = [...others, ...ours];
  return {
    ...rest,
    ...(into !== undefined && { active: false }),
    ...(link.length > 0 && { link }),
  };
}

const linkTo = (id: string, type: NonNullable<PatientLink['type']>): PatientLink => ({
  ...{ id: `${OURS}${id}`, other: { reference: `Patient/${id}` }, type },
});

function isSame(one: PatientLink, other: PatientLink): boolean {
  return one.type === other.type && one.other?.reference === other.other?.reference;
}
