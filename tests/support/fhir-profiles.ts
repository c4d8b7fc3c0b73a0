// What a profile says of a resource, as tests ask it.
import assert from 'node:assert/strict';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { profileIssues } from '../../packages/fhir/src/profile-check.ts';
import { validate } from '../../packages/fhir/src/validation.ts';
import { knownGuides, r4 } from './fhir.ts';

export function issuesOf(url: string, resource: Resource): OperationOutcomeIssue[] {
  const profile = knownGuides().profile(url);
  assert.ok(profile, url);
  // The library that FHIRPath runs on learns a type when it is first validated.
  validate(r4(), resource);
  return profileIssues(knownGuides(), profile, resource);
}

export const at = (issues: readonly OperationOutcomeIssue[], ...severities: string[]): string[] =>
  issues
    .filter(({ severity = '' }) => severities.includes(severity))
    .map(({ expression }) => expression?.[0] ?? '');

export const errorsOf = (url: string, resource: Resource): string[] =>
  at(issuesOf(url, resource), 'error').sort();

/** A copy with one thing otherwise. */
export function changed<T extends Resource>(resource: T, change: (copy: T) => void): T {
  const copy = structuredClone(resource);
  change(copy);
  return copy;
}
