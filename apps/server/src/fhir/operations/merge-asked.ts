/** What a client asks with `Patient/$merge` and `$unmerge`, understood: which records, and what the one is to say. */
import { parseReference, referenceHere } from '@ausculta/fhir/reference';
import type {
  Identifier,
  Parameters,
  ParametersParameter,
  Patient,
  Resource,
} from '@medplum/fhirtypes';
import { type Answer, refuse } from '../answer.ts';
import { PATIENT } from '../patients.ts';
import type { OperationAsked } from './parameters.ts';

/** By a reference, or by identifiers that all are of one patient. */
export type NamedPatient =
  | { readonly id: string }
  | { readonly identifiers: readonly (readonly [system: string, value: string])[] };

export interface MergeAsked {
  readonly source: NamedPatient;
  /** Undefined where only the source is named. */
  readonly target: NamedPatient | undefined;
  readonly isPreview: boolean;
  /** What the record that goes on is to say. */
  readonly result: Patient | undefined;
  /** As it was asked, for the answer. */
  readonly input: Parameters;
}

const KNOWN = ['source-patient', 'source-patient-identifier', 'target-patient'];
KNOWN.push('target-patient-identifier', 'preview', 'result-patient');

export function readMerge(
  { parts, resources }: Pick<OperationAsked, 'parts' | 'resources'>,
  baseUrl: string,
): Answer<MergeAsked> {
  if (parts.length === 0 || parts.some(({ name }) => !KNOWN.includes(name ?? ''))) return UNKNOWN;
  const source = patientIn(parts, 'source-patient', baseUrl);
  const target = patientIn(parts, 'target-patient', baseUrl);
  if (source === 'wrong' || target === 'wrong') return NOBODY_NAMED;
  if (source === undefined) return NO_SOURCE;
  const [preview] = parts.filter(({ name }) => name === 'preview');
  if (preview !== undefined && typeof preview.valueBoolean !== 'boolean') return NO_PREVIEW;
  const result = resources.get('result-patient');
  if (result !== undefined && !isPatient(result)) return NO_RESULT;
  const input: Parameters = { resourceType: 'Parameters', parameter: [...parts] };
  const isPreview = preview?.valueBoolean === true;
  return { ok: true, value: { source, target, isPreview, result, input } };
}

const isPatient = (resource: Resource): resource is Patient => resource.resourceType === PATIENT;

function patientIn(
  parts: readonly ParametersParameter[],
  name: string,
  baseUrl: string,
): NamedPatient | undefined | 'wrong' {
  const references = parts.filter((one) => one.name === name);
  const identifiers = parts.filter((one) => one.name === `${name}-identifier`);
  if (references.length > 1 || (references.length > 0 && identifiers.length > 0)) return 'wrong';
  const [named] = references;
  if (named !== undefined) {
    const text = named.valueReference?.reference ?? '';
    const to = parseReference(referenceHere(text, baseUrl) ?? text);
    return to?.type === PATIENT && to.base === undefined ? { id: to.id } : 'wrong';
  }
  if (identifiers.length === 0) return undefined;
  const pairs = identifiers.map(({ valueIdentifier }) => pairOf(valueIdentifier));
  return pairs.includes(undefined)
    ? 'wrong'
    : { identifiers: pairs.filter((pair) => pair !== undefined) };
}

function pairOf({ system = '', value }: Identifier = {}): readonly [string, string] | undefined {
  return value === undefined || value === '' ? undefined : [system, value];
}

const UNKNOWN = refuse(400, {
  code: 'not-supported',
  text: `Parameters are asked for: ${KNOWN.join(', ')}.`,
  at: 'Parameters.parameter',
});

const NO_SOURCE = refuse(400, {
  code: 'required',
  text: 'source-patient says which record is merged.',
});

const NOBODY_NAMED = refuse(400, {
  code: 'value',
  text: 'Each record is named by one reference to a Patient here, or by its identifiers.',
});

const NO_PREVIEW = refuse(400, { code: 'value', text: 'preview is true or false.' });

const NO_RESULT = refuse(400, { code: 'value', text: 'result-patient is a Patient.' });
