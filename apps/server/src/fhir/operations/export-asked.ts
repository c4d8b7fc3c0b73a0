/** What a client asks with `$export`, understood. */
import { readDate } from '@ausculta/fhir/date-range';
import { parseReference } from '@ausculta/fhir/reference';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Group } from '@medplum/fhirtypes';
import { type Answer, refuse } from '../answer.ts';
import { type TypeFilter, typeFiltersIn } from './export-filters.ts';
import type { ExportAsked } from './exports.ts';
import { type OperationAsked, UNKNOWN_PARAMETER, unknownIn } from './parameters.ts';

const KNOWN = ['_type', '_typeFilter', '_since', '_outputFormat', 'patient'];
const FORMATS = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];
const PATIENTS_MAX = 1_000;

type Understood = Pick<ExportAsked, 'types' | 'since_ms'> & {
  /** Those that were named; undefined where nobody was. */
  readonly patients: readonly SubjectId[] | undefined;
  readonly typeFilters: readonly TypeFilter[];
};

export function readExportAsked(
  { texts }: Pick<OperationAsked, 'texts'>,
  { resourceTypes, isOfPatients }: { resourceTypes: ReadonlySet<string>; isOfPatients: boolean },
): Answer<Understood> {
  const known = isOfPatients ? KNOWN : KNOWN.filter((name) => name !== 'patient');
  if (unknownIn({ texts }, known) !== undefined) return UNKNOWN_PARAMETER;
  const format = texts.get('_outputFormat');
  if (format !== null && !FORMATS.includes(format.replace(' ', '+')))
    return refuse(400, {
      code: 'not-supported',
      text: '_outputFormat is application/fhir+ndjson.',
    });
  const since = texts.get('_since');
  const sinceMs = since === null ? null : readDate(since)?.fromMs;
  if (sinceMs === undefined) return refuse(400, { code: 'value', text: '_since is an instant.' });
  const types = texts.getAll('_type').flatMap((one) => one.split(','));
  if (!types.every((type) => resourceTypes.has(type)))
    return refuse(400, { code: 'value', text: '_type names what is no type of R4.' });
  const patients = texts.getAll('patient').map(subjectIdIn);
  if (patients.length > PATIENTS_MAX || patients.includes(undefined))
    return refuse(400, { code: 'value', text: `patient is at most ${PATIENTS_MAX} Patient/[id].` });
  const wanted = types.length === 0 ? null : [...new Set(types)];
  const filters = typeFiltersIn(texts.getAll('_typeFilter'), wanted);
  if (!filters.ok) return filters;
  return {
    ok: true,
    value: {
      types: wanted,
      since_ms: sinceMs,
      patients: patients.length === 0 ? undefined : (patients as SubjectId[]),
      typeFilters: filters.value,
    },
  };
}

const subjectIdIn = (text: string): SubjectId | undefined =>
  parseSubjectId(text.replace(/^Patient\//, ''));

/** The patients whom a group has now; former ones are not of it. */
export function membersOf({ member = [] }: Group): SubjectId[] {
  const ids = member.flatMap(({ entity, inactive }) => {
    const target = inactive === true ? undefined : parseReference(entity?.reference ?? '');
    const isHere = target?.type === 'Patient' && target.base === undefined;
    return isHere ? (parseSubjectId(target.id) ?? []) : [];
  });
  return [...new Set(ids)];
}
