import type { Subject } from '@ausculta/vitals/subject';
import type { Patient } from '@medplum/fhirtypes';
import { recordNumberOf } from './patient-identity.ts';
import { SYSTEM } from './systems.ts';

/** Who is measured, as others know them. An invented person is marked as test data. */
export function toPatient(subject: Subject): Patient {
  const { familyName, givenName, birthDate, sex, recordNumber, invented } = subject.identity;
  return {
    resourceType: 'Patient',
    id: subject.id,
    ...(invented === true && {
      meta: { security: [{ system: SYSTEM.ACT_REASON, code: 'HTEST' }] },
    }),
    active: true,
    ...(recordNumber !== '' && { identifier: [recordNumberOf(recordNumber)] }),
    ...(familyName + givenName !== '' && {
      name: [
        {
          ...(familyName !== '' && { family: familyName }),
          ...(givenName !== '' && { given: [givenName] }),
        },
      ],
    }),
    gender: sex,
    ...(birthDate !== undefined && { birthDate }),
  };
}
