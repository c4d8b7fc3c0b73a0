import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';

type Found = Observation | Patient;

interface SearchPage {
  /** The base of this server's FHIR routes, without a slash at its end. */
  readonly baseUrl: string;
  readonly selfUrl: string;
  /** The page after this one, if there is more. */
  readonly nextUrl?: string;
  readonly resources: readonly Found[];
  /** Of all pages, where it is known. */
  readonly total?: number;
}

export function searchBundle(page: SearchPage): Bundle<Found> {
  const { baseUrl, selfUrl, nextUrl, resources, total } = page;
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total !== undefined && { total }),
    link: [
      { relation: 'self', url: selfUrl },
      ...(nextUrl === undefined ? [] : [{ relation: 'next' as const, url: nextUrl }]),
    ],
    // FHIR allows no empty list.
    ...(resources.length > 0 && {
      entry: resources.map((resource) => ({
        fullUrl: `${baseUrl}/${resource.resourceType}/${resource.id}`,
        resource,
        search: { mode: 'match' as const },
      })),
    }),
  };
}
