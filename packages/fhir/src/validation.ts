import { OperationOutcomeError, type ValidatorOptions, validateResource } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { codesIn } from './coded.ts';
import type { Definitions } from './definitions.ts';
import { vitalSignIssues, vitalSignOf } from './vital-signs.ts';

/** Questionnaires nest the deepest, and rarely beyond ten groups, each two levels of JSON. */
const DEPTH_MAX = 64;

/**
 * What is wrong with a resource by base R4: structure, cardinality, invariants, and the codes that R4
 * requires. Each issue names its element in `expression`; without an error among them the resource
 * may be stored.
 */
export function validate(definitions: Definitions, resource: Resource): OperationOutcomeIssue[] {
  const type = resource.resourceType;
  if (!definitions.resourceTypes.has(type)) {
    return [issue('not-supported', 'resourceType', 'R4 has no resource of this type')];
  }
  const types = new Set<string>();
  if (!isWithin(DEPTH_MAX, resource, types)) {
    return [issue('structure', type, `the resource is nested deeper than ${DEPTH_MAX} levels`)];
  }
  definitions.prepare(types);
  const tokens: Tokens = {};
  const issues = structureIssues(resource, tokens);
  for (const [url, values] of Object.entries(tokens)) {
    const codes = definitions.codes.get(url);
    if (codes !== undefined) issues.push(...values.flatMap((value) => codeIssues(value, codes)));
  }
  return issues;
}

/** The same, and what the vital-signs profiles ask where the resource is one of their signs. */
export function validateWithVitalSigns(
  definitions: Definitions,
  resource: Resource,
): OperationOutcomeIssue[] {
  const issues = validate(definitions, resource);
  if (issues.some(isError) || resource.resourceType !== 'Observation') return issues;
  const sign = vitalSignOf(resource);
  return sign === undefined ? issues : [...issues, ...vitalSignIssues(resource, sign)];
}

export function isError({ severity }: OperationOutcomeIssue): boolean {
  return severity === 'error' || severity === 'fatal';
}

type Tokens = NonNullable<NonNullable<ValidatorOptions['collect']>['tokens']>;
type Token = Tokens[string][number];

/** The library throws when an issue is an error, and also when it meets what it cannot check. */
function structureIssues(resource: Resource, tokens: Tokens): OperationOutcomeIssue[] {
  try {
    return validateResource(resource, { collect: { tokens } }).map(withPlainPath);
  } catch (error) {
    if (error instanceof OperationOutcomeError) return error.outcome.issue.map(withPlainPath);
    return [issue('structure', resource.resourceType, 'the resource cannot be checked')];
  }
}

/** FHIRPath says `value` where a definition says `value[x]`. */
function withPlainPath(one: OperationOutcomeIssue): OperationOutcomeIssue {
  const { expression } = one;
  if (expression === undefined) return one;
  return { ...one, expression: expression.map((path) => path.replaceAll('[x]', '')) };
}

function codeIssues({ path, value }: Token, codes: ReadonlySet<string>): OperationOutcomeIssue[] {
  const given = codesIn(value);
  if (given.length === 0 || given.some((code) => codes.has(code))) return [];
  return [
    issue(
      'code-invalid',
      path.replaceAll('[x]', ''),
      'the code is none of those that R4 requires here',
    ),
  ];
}

function issue(
  code: OperationOutcomeIssue['code'],
  expression: string,
  text: string,
): OperationOutcomeIssue {
  return { severity: 'error', code, details: { text }, expression: [expression] };
}

/**
 * Whether it is nested within so many levels, gathering the types of the resources inside on the way.
 * Recursion beyond the limit never happens, whatever was sent.
 */
function isWithin(levels: number, value: unknown, types: Set<string>): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  const { resourceType } = value as { resourceType?: unknown };
  if (typeof resourceType === 'string') types.add(resourceType);
  return Object.values(value).every((one) => isWithin(levels - 1, one, types));
}
