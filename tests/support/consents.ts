/** What persons have decided, as FHIR. */
import type { Consent, ConsentProvision } from '@medplum/fhirtypes';

const HL7 = 'http://terminology.hl7.org/CodeSystem';

interface Decided {
  readonly subjectId: string;
  /** What holds where nothing else is said. */
  readonly base: 'OPTIN' | 'OPTOUT';
  readonly provision?: ConsentProvision;
  readonly status?: Consent['status'];
}

export function consentOf({ subjectId, base, provision, status = 'active' }: Decided): Consent {
  return {
    resourceType: 'Consent',
    status,
    scope: { coding: [{ system: `${HL7}/consentscope`, code: 'patient-privacy' }] },
    category: [{ text: 'A test' }],
    patient: { reference: `Patient/${subjectId}` },
    policyRule: { coding: [{ system: `${HL7}/v3-ActCode`, code: base }] },
    ...(provision && { provision }),
  };
}

/** Nobody looks; who treats goes on writing. */
export const NOBODY_LOOKS: ConsentProvision = {
  type: 'deny',
  action: [{ coding: [{ system: `${HL7}/consentaction`, code: 'access' }] }],
};

export const forPurpose = (type: 'permit' | 'deny', ...codes: string[]): ConsentProvision => ({
  type,
  purpose: codes.map((code) => ({ system: `${HL7}/v3-ActReason`, code })),
});
