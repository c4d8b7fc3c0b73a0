/**
 * What is wrong with a resource, a part at a time: a Bundle of thousands takes seconds, and whoever asks
 * about one cannot have all others wait. All parts together are what `validate` says.
 */
import type {
  Basic,
  Bundle,
  BundleEntry,
  OperationOutcomeIssue,
  Resource,
} from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { validate } from './validation.ts';

export function* validateInParts(
  definitions: Definitions,
  resource: Resource,
): Generator<readonly OperationOutcomeIssue[]> {
  if (resource.resourceType !== 'Bundle' || !isLong(resource)) {
    yield validate(definitions, resource);
    return;
  }
  yield* ofTheBundle(definitions, resource);
  for (const [index, entry] of (resource.entry ?? []).entries()) {
    const one = entry?.resource;
    // The first has been looked at with the Bundle; what is no object as well.
    if (typeof one !== 'object' || one === null || index === 0) continue;
    const path = `Bundle.entry[${index}].resource`;
    yield validate(definitions, one).map((issue) => within(path, one.resourceType, issue));
  }
}

/** What is said of the Bundle and of its entries, without what is in them; some of these at a time. */
function* ofTheBundle(
  definitions: Definitions,
  bundle: Bundle,
): Generator<readonly OperationOutcomeIssue[]> {
  const [first = {}, ...others] = bundle.entry ?? [];
  const told = new Set<string>();
  for (let at = 0; at < others.length; at += ENTRIES_AT_ONCE) {
    // A document, or a message, is told by its first entry.
    const head = at === 0 ? first : nameOnly(first);
    const some = others.slice(at, at + ENTRIES_AT_ONCE).map(withoutResource);
    const issues = validate(definitions, { ...bundle, entry: [head, ...some] });
    yield issues.flatMap((issue) => placed(issue, at, told) ?? []);
  }
  const entry = sameTwice(bundle);
  if (entry === undefined) return;
  const issues = validate(definitions, { ...bundle, entry: [nameOnly(first), ...entry] });
  yield issues.filter((issue) => !isOfEntry(issue) && isNew(issue, told));
}

const ENTRY = /^Bundle\.entry\[(\d+)\]/;

const isOfEntry = ({ expression }: OperationOutcomeIssue): boolean =>
  ENTRY.test(expression?.[0] ?? '');

/** Once of the Bundle, and of each entry at its place in the whole. */
function placed(
  issue: OperationOutcomeIssue,
  at: number,
  told: Set<string>,
): OperationOutcomeIssue | undefined {
  const [, place] = ENTRY.exec(issue.expression?.[0] ?? '') ?? [];
  if (place === undefined) return isNew(issue, told) ? issue : undefined;
  if (at === 0) return issue;
  if (place === '0') return undefined;
  const expression = issue.expression?.map((one) =>
    one.replace(ENTRY, `Bundle.entry[${Number(place) + at}]`),
  );
  return { ...issue, ...(expression && { expression }) };
}

function isNew(issue: OperationOutcomeIssue, told: Set<string>): boolean {
  const text = JSON.stringify(issue);
  const isFirst = !told.has(text);
  told.add(text);
  return isFirst;
}

/** Two entries that no Bundle but a history may have both (bdl-7). */
function sameTwice({ entry = [] }: Bundle): [BundleEntry, BundleEntry] | undefined {
  const known = new Map<string, BundleEntry>();
  for (const one of entry) {
    if (one?.fullUrl === undefined) continue;
    const name = `${one.fullUrl}${one.resource?.meta?.versionId ?? ''}`;
    const other = known.get(name);
    if (other !== undefined) return [withoutResource(other), withoutResource(one)];
    known.set(name, one);
  }
  return undefined;
}

/** Entries that are checked without a pause: some ms. */
const ENTRIES_AT_ONCE = 20;

const isLong = ({ entry }: Bundle): boolean =>
  Array.isArray(entry) && entry.length > ENTRIES_AT_ONCE;

/** What the rules of a Bundle ask of an entry's resource is its name and its version. */
function withoutResource(entry: BundleEntry): BundleEntry {
  if (typeof entry?.resource?.resourceType !== 'string') return entry;
  const { id, meta } = entry.resource;
  const named: Basic = {
    ...{ resourceType: 'Basic', code: { text: 'checked apart' } },
    ...(id !== undefined && { id }),
    ...(meta?.versionId !== undefined && { meta: { versionId: meta.versionId } }),
  };
  return { ...entry, resource: named };
}

/** What rules of the whole ask of the first one. What is wrong with it has been told. */
function nameOnly({ resource, ...rest }: BundleEntry): BundleEntry {
  if (typeof resource?.resourceType !== 'string') return rest;
  const { resourceType, id, meta } = resource;
  return {
    ...rest,
    resource: {
      resourceType,
      ...(id !== undefined && { id }),
      ...(meta?.versionId !== undefined && { meta: { versionId: meta.versionId } }),
    } as Resource,
  };
}

function within(path: string, type: string, issue: OperationOutcomeIssue): OperationOutcomeIssue {
  const expression = (issue.expression ?? [type]).map((one) =>
    one === type || one.startsWith(`${type}.`) ? `${path}${one.slice(type.length)}` : path,
  );
  return { ...issue, expression };
}
