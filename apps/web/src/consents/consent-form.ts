/** What somebody keeps back, as a FHIR Consent (R4): open but for what is named. */
import type { DataClass, Purpose, Role } from '@ausculta/policy/vocabulary';

export interface Wish {
  readonly subjectId: string;
  /** Empty, with `people`: everybody. */
  readonly roles: readonly Role[];
  /** Accounts. */
  readonly people: readonly { readonly id: string; readonly name: string }[];
  /** Empty: the whole record. */
  readonly dataClasses: readonly DataClass[];
  /** Empty: whatever for. */
  readonly purposes: readonly Purpose[];
  readonly untilMs: number | undefined;
  readonly atMs: number;
}

const TERMS = 'http://terminology.hl7.org/CodeSystem';

export function consentOf(wish: Wish): Record<string, unknown> {
  const { subjectId, roles, people, dataClasses, purposes, untilMs, atMs } = wish;
  const actor = [
    ...roles.map((role) => ({
      role: { coding: [{ system: 'urn:ausculta:role', code: role }] },
      reference: { display: role },
    })),
    ...people.map(({ id, name }) => ({
      role: { coding: [{ system: `${TERMS}/v3-ParticipationType`, code: 'IRCP' }] },
      reference: { reference: `Practitioner/${id}`, display: name },
    })),
  ];
  return {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: `${TERMS}/consentscope`, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subjectId}` },
    dateTime: new Date(atMs).toISOString(),
    policyRule: { coding: [{ system: `${TERMS}/v3-ActCode`, code: 'OPTIN' }] },
    provision: {
      type: 'deny',
      ...(untilMs !== undefined && { period: { end: new Date(untilMs).toISOString() } }),
      ...(actor.length > 0 && { actor }),
      ...(dataClasses.length > 0 && {
        class: dataClasses.map((code) => ({ system: 'urn:ausculta:data-class', code })),
      }),
      ...(purposes.length > 0 && {
        purpose: purposes.map((code) => ({ system: `${TERMS}/v3-ActReason`, code })),
      }),
    },
  };
}
