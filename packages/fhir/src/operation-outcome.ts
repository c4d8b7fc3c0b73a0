import { FAULTS, type Fault, type FaultCode } from '@ausculta/vitals/fault';
import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

type IssueType = OperationOutcomeIssue['code'];

/** FHIR's word for each of our faults; a new fault does not compile without one. */
const ISSUE_TYPES: Readonly<Record<FaultCode, IssueType>> = {
  PAYLOAD_MALFORMED: 'structure',
  PAYLOAD_TOO_LARGE: 'too-long',
  METRIC_UNKNOWN: 'code-invalid',
  UNIT_UNKNOWN: 'code-invalid',
  VALUE_NOT_FINITE: 'value',
  STAMP_INVALID: 'value',
  CLOCK_DOUBTED: 'business-rule',
  CLOCK_UNSTEADY: 'value',
  BLOCK_MALFORMED: 'structure',
  BLOCK_TOO_LARGE: 'too-long',
  BLOCK_VERSION_UNKNOWN: 'not-supported',
  QUERY_INVALID: 'invalid',
  QUERY_TOO_WIDE: 'too-costly',
  DEVICE_UNKNOWN: 'not-found',
  DEVICE_UNASSIGNED: 'business-rule',
  PATIENT_DIFFERS: 'business-rule',
  PATIENT_UNKNOWN: 'not-found',
  MOVEMENT_REFUSED: 'conflict',
  MOVEMENT_LATE: 'conflict',
  CREDENTIALS_REFUSED: 'login',
  SECOND_FACTOR_NEEDED: 'login',
  PROOF_NEEDED: 'forbidden',
  SESSION_LOCKED: 'forbidden',
  PASSWORD_REFUSED: 'business-rule',
  LINK_SPENT: 'expired',
  LOGIN_TAKEN: 'duplicate',
  DUTY_WOULD_BE_EMPTY: 'business-rule',
  LAST_ADMINISTRATOR: 'business-rule',
  NOT_PERMITTED: 'forbidden',
  SNOOZE_REFUSED: 'business-rule',
  SUBJECT_MONITORED: 'business-rule',
  RECORDS_MERGED: 'business-rule',
  READINGS_MOVING: 'lock-error',
  LEGAL_HOLD: 'business-rule',
  NOT_FOUND: 'not-found',
  RATE_EXCEEDED: 'throttled',
  PARKED_QUOTA_EXCEEDED: 'throttled',
  PROVIDER_UNREACHABLE: 'transient',
  STORE_UNAVAILABLE: 'transient',
  KEY_COPY_UNREACHABLE: 'transient',
  STORE_FULL: 'no-store',
  SEAL_BROKEN: 'exception',
};

export function toOperationOutcome(
  fault: Fault,
  severity: OperationOutcomeIssue['severity'] = 'error',
): OperationOutcome {
  const issue: OperationOutcomeIssue = {
    severity,
    code: ISSUE_TYPES[fault.code],
    details: {
      coding: [{ system: SYSTEM.FAULT, code: fault.code }],
      text: FAULTS[fault.code].why,
    },
    ...(fault.detail !== undefined && { diagnostics: fault.detail }),
  };
  return { resourceType: 'OperationOutcome', issue: [issue] };
}
