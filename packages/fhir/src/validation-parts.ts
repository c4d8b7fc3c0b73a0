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
  const [first, ...others] = resource.entry ?? [];
  // A document, or a message, is told by its first entry.
  const entry = [...(first === undefined ? [] : [first]), ...others.map(withoutResource)];
  yield validate(definitions, { ...resource, entry });
  for (const [index, { resource: one }] of others.entries()) {
    if (one === undefined) continue;
    const path = `Bundle.entry[${index + 1}].resource`;
    yield validate(definitions, one).map((issue) => within(path, one.resourceType, issue));
  }
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

function within(path: string, type: string, issue: OperationOutcomeIssue): OperationOutcomeIssue {
  const expression = (issue.expression ?? [type]).map((one) =>
    one === type || one.startsWith(`${type}.`) ? `${path}${one.slice(type.length)}` : path,
  );
  return { ...issue, expression };
}
