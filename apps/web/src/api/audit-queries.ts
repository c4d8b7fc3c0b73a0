import { AccessReport } from '@ausculta/contract/accesses';
import { infiniteQueryOptions } from '@tanstack/react-query';
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
