/** What FHIR answers when it does not do what was asked: issues that name their element, and a status. */

import { toOperationOutcome } from '@ausculta/fhir/operation-outcome';
import { isError } from '@ausculta/fhir/validation';
import type { Fault } from '@ausculta/vitals/fault';
import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { statusOf } from '../people/problem.ts';

export interface Refusal {
  readonly status: number;
  readonly issues: readonly OperationOutcomeIssue[];
  /** Which of several acts it is about. */
  readonly act?: number;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

type IssueCode = OperationOutcomeIssue['code'];

interface Why {
  readonly code: IssueCode;
  /** No value and no name: it may be logged where it arrives. */
  readonly text: string;
  /** The element that is meant, as FHIRPath has it. */
  readonly at?: string;
}

export function refuse(
  status: number,
  { code, text, at }: Why,
): { readonly ok: false; readonly refusal: Refusal } {
  const issue: OperationOutcomeIssue = {
    severity: 'error',
    code,
    details: { text },
    ...(at !== undefined && { expression: [at] }),
  };
  return { ok: false, refusal: { status, issues: [issue] } };
}

export function refuseFor(fault: Fault): { readonly ok: false; readonly refusal: Refusal } {
  const { issue } = toOperationOutcome(fault);
  return { ok: false, refusal: { status: statusOf(fault.code), issues: issue ?? [] } };
}

/** 422: understood, and against the rules. */
export function refuseInvalid(issues: readonly OperationOutcomeIssue[]): {
  readonly ok: false;
  readonly refusal: Refusal;
} {
  return { ok: false, refusal: { status: 422, issues: issues.filter(isError) } };
}

export function outcomeOf(issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [...issues] };
}

export const NOT_HERE = refuse(404, { code: 'not-found', text: 'There is no such resource here.' });
export const GONE = refuse(410, { code: 'deleted', text: 'The resource has been deleted.' });
/** Of the token that was shown: its holder may see more. */
export const BEYOND_SCOPES = refuse(403, {
  code: 'forbidden',
  text: 'The scopes of the token do not reach so far.',
});
export const MADE_MEANWHILE = refuse(409, {
  code: 'conflict',
  text: 'Somebody else has made the same just now. Read it, and try again.',
});

export const UNREADABLE = refuse(500, {
  code: 'exception',
  text: 'The resource is damaged and cannot be read: ausculta verify names it.',
});
