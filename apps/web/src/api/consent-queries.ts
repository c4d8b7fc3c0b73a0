import { queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { askJson, tell } from './client.ts';

/** What all of them have; the rest is read by the policy's own reader. */
const Consent = z.looseObject({
  resourceType: z.literal('Consent'),
  id: z.string(),
  status: z.string(),
  dateTime: z.string().optional(),
  meta: z.looseObject({ lastUpdated: z.string().optional() }).optional(),
});
export type Consent = z.infer<typeof Consent>;

const Found = z.object({
  entry: z.array(z.object({ resource: z.looseObject({ resourceType: z.string() }) })).optional(),
});

/** The newest first. */
export function consentsQuery(subjectId: string) {
  return queryOptions({
    queryKey: ['consents', subjectId],
    refetchInterval: 30_000,
    queryFn: async ({ signal }): Promise<readonly Consent[]> => {
      const search = new URLSearchParams({ patient: subjectId, _count: '100' });
      const { entry = [] } = await askJson(`/fhir/R4/Consent?${search}`, Found, { signal });
      const found = entry.flatMap(({ resource }) => {
        const consent = Consent.safeParse(resource);
        return consent.success ? [consent.data] : [];
      });
      return found.toSorted((one, other) => sinceOf(other).localeCompare(sinceOf(one)));
    },
  });
}

export const sinceOf = ({ dateTime, meta }: Consent): string => dateTime ?? meta?.lastUpdated ?? '';

export function recordConsent(resource: Record<string, unknown>): Promise<void> {
  return tell('/fhir/R4/Consent', { method: 'POST', body: resource });
}

/** It stays in the record, and decides nothing from then on. */
export function withdrawConsent(consent: Consent): Promise<void> {
  const body = { ...consent, status: 'inactive' };
  return tell(`/fhir/R4/Consent/${encodeURIComponent(consent.id)}`, { method: 'PUT', body });
}
