import { AccessReport } from '@ausculta/contract/accesses';
import { AuditHeads, AuditPage } from '@ausculta/contract/audit';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { askJson } from './client.ts';

/** Page by page into the past. */
export function accessesQuery(subjectId: string) {
  return infiniteQueryOptions({
    queryKey: ['accesses', subjectId],
    initialPageParam: null as number | null,
    getNextPageParam: (page: AccessReport) => page.next,
    queryFn: ({ pageParam, signal }) => {
      const before = pageParam === null ? '' : `?before=${pageParam}`;
      const path = `/api/subjects/${encodeURIComponent(subjectId)}/accesses${before}`;
      return askJson(path, AccessReport, { signal });
    },
  });
}

/** As they stand in the address of the page, and in the question. */
export interface AuditFilters {
  readonly kind?: string;
  readonly who?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
}

export const auditPath = (place: string, filters: AuditFilters): string => {
  const told = new URLSearchParams(Object.entries(filters));
  return told.size === 0 ? place : `${place}?${told}`;
};

export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ['audit', filters],
    initialPageParam: null as string | null,
    getNextPageParam: (page: AuditPage) => page.next,
    queryFn: ({ pageParam, signal }) => {
      const asked = { ...filters, ...(pageParam !== null && { cursor: pageParam }) };
      return askJson(auditPath('/api/audit', asked), AuditPage, { signal });
    },
  });
}

const HEADS_MS = 10_000;

export const auditHeadsQuery = queryOptions({
  queryKey: ['audit-heads'],
  refetchInterval: HEADS_MS,
  queryFn: ({ signal }) => askJson('/api/audit/heads', AuditHeads, { signal }),
});
