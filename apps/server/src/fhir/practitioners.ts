/** Whoever works here and signs in, as FHIR has it: an app is told under which id its person is found. */
import { sha256Hex } from '@ausculta/fhir/sha-256';
import type { Role } from '@ausculta/policy/vocabulary';
import { type OrganisationId, parseAccountId } from '@ausculta/vitals/identity';
import type { Practitioner } from '@medplum/fhirtypes';
import type { ReadAs } from '../database/readers.ts';
import { viewing } from '../database/viewing.ts';
import { accountById } from '../people/store.ts';
import { type Answer, NOT_HERE } from './answer.ts';
import type { FhirDocument } from './document.ts';

export const PRACTITIONER = 'Practitioner';

const OF_PATIENTS: readonly Role[] = ['patient', 'proxy', 'caregiver'];

/** A patient's name is told by their record alone. */
export const isStaff = (roles: readonly Role[]): boolean =>
  roles.some((role) => !OF_PATIENTS.includes(role));

/** Where nobody has written more of them. */
export async function practitionerOf(
  read: ReadAs,
  organisationId: OrganisationId,
  id: string,
): Promise<Answer<FhirDocument>> {
  const accountId = parseAccountId(id);
  const account =
    accountId &&
    (await read(organisationId, (tx) => accountById(tx, { organisationId, id: accountId })));
  if (account === undefined || !isStaff(account.roles)) return NOT_HERE;
  const name = [{ text: account.display_name }];
  const versionId = `0.${sha256Hex(account.display_name).slice(0, 16)}`;
  const meta = { versionId };
  const resource: Practitioner = { resourceType: PRACTITIONER, id, meta, active: true, name };
  const text = JSON.stringify(resource);
  if (viewing()?.seesDocument({ type: PRACTITIONER, id, subjectId: null, text }) === false)
    return NOT_HERE;
  const told = { type: PRACTITIONER, id, versionId, updatedMs: undefined };
  return { ok: true, value: { ...told, text, subjectIds: [] } };
}
