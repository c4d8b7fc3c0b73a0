import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { askBytes } from '../api/client.ts';
import { decodeStoredBlock } from '../live/block-decoding.ts';
import { SampleRing } from '../live/sample-ring.ts';
import type { Stretch } from './time-view.ts';

/** Two minutes at 500 Hz: the longest that is asked for at once. */
const STORED_SAMPLES_MAX = 60_000;
const ASK_STEP_MS = 10_000;

export interface StoredWaveform {
  readonly ring: SampleRing;
  /** Part of it is stored, and damaged. */
  readonly hasUnreadable: boolean;
}

/** The stored samples around a stretch, asked for in steps so that answers can be shared. */
export function useStoredWaveform(wanted: {
  readonly subjectId: string;
  readonly metricKey: string;
  readonly stretch: Stretch;
  readonly isLive: boolean;
}) {
  const { subjectId, metricKey, stretch } = wanted;
  const fromMs = Math.floor(stretch.fromMs / ASK_STEP_MS) * ASK_STEP_MS;
  const toMs = Math.ceil(stretch.toMs / ASK_STEP_MS) * ASK_STEP_MS;
  return useQuery({
    queryKey: ['waveforms', subjectId, metricKey, fromMs, toMs],
    placeholderData: keepPreviousData,
    // Of a stretch that is not over yet a later answer holds more.
    staleTime: wanted.isLive ? 5_000 : Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<StoredWaveform> => {
      const search = new URLSearchParams({
        metrics: metricKey,
        from: String(fromMs),
        to: String(toMs),
      });
      const path = `/api/subjects/${encodeURIComponent(subjectId)}/waveforms?${search}`;
      const ring = new SampleRing(STORED_SAMPLES_MAX);
      const { bytes, unreadable } = await askBytes(path, { signal });
      const runs = decodeStoredBlock(bytes) ?? [];
      for (const run of runs.toSorted((one, other) => one.startMs - other.startMs)) ring.push(run);
      return { ring, hasUnreadable: unreadable.length > 0 };
    },
  });
}
