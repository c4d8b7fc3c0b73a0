import type { Fault } from '@ausculta/vitals/fault';
import type {
  Bundle,
  BundleEntry,
  Observation,
  OperationOutcome,
  Patient,
} from '@medplum/fhirtypes';
import { toOperationOutcome } from './operation-outcome.ts';

type Found = Observation | Patient;
type Entry = Found | OperationOutcome;

interface SearchPage {
  /** The base of this server's FHIR routes, without a slash at its end. */
  readonly baseUrl: string;
  readonly selfUrl: string;
  /** The page after this one, if there is more. */
  readonly nextUrl?: string;
  readonly resources: readonly Found[];
  /** What the reader must know of the whole answer. */
  readonly warning?: Fault;
  /** Of all pages, where it is known. */
  readonly total?: number;
}

export function searchBundle(page: SearchPage): Bundle<Entry> {
  const { baseUrl, selfUrl, nextUrl, resources, total, warning } = page;
  const entry: BundleEntry<Entry>[] = resources.map((resource) => ({
    fullUrl: `${baseUrl}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: 'match' },
  }));
  if (warning !== undefined) {
    entry.push({ resource: toOperationOutcome(warning, 'warning'), search: { mode: 'outcome' } });
  }
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total !== undefined && { total }),
    link: [
      { relation: 'self', url: selfUrl },
      ...(nextUrl === undefined ? [] : [{ relation: 'next' as const, url: nextUrl }]),
    ],
    // FHIR allows no empty list.
    ...(entry.length > 0 && { entry }),
  };
}
