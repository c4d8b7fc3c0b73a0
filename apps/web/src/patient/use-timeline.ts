import type { AlarmView, LimitView } from '@ausculta/contract/alarms';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { limitsQuery, subjectAlarmsQuery, trendQuery } from '../api/queries.ts';
import { useLive, useNow, useSubjectLive } from '../live/live-context.tsx';
import type { SubjectLive } from '../live/live-store.ts';
import { laneLines } from './lane-lines.ts';
import { LANE_METRICS } from './lane-plan.ts';
import { askedStretch, type Stretch, stretchOf, type TimeView } from './time-view.ts';
import type { TrendLine } from './trend-line.ts';

const TREND_POINTS = 1_600;
/** How often a live timeline moves on: about once for each pixel, within reason. */
const MOVES_PER_SPAN = 900;

/** Everything that the timeline of one patient shows in one stretch of time. */
export interface TimelineData {
  readonly stretch: Stretch;
  readonly nowMs: number;
  readonly lines: ReadonlyMap<string, TrendLine>;
  readonly limits: readonly LimitView[];
  readonly alarms: readonly AlarmView[];
  readonly live: SubjectLive;
  readonly silent: boolean;
  /** Stored, and damaged: missing from the lines. */
  readonly unreadable: readonly UnreadablePart[];
  readonly isPending: boolean;
  /** Nothing could be loaded, and there is nothing older to show either. */
  readonly failure: Error | undefined;
  readonly retry: () => void;
}

export function useTimeline(subjectId: string, view: TimeView): TimelineData {
  const connection = useLive();
  const live = useSubjectLive(subjectId);
  const nowMs = useNow(Math.min(10_000, Math.max(200, view.spanMs / MOVES_PER_SPAN)));
  const stretch = useStretch(view, nowMs);
  const asked = askedStretch(stretch);
  const trend = useQuery({
    ...trendQuery({
      subjectId,
      metrics: LANE_METRICS,
      fromMs: asked.fromMs,
      toMs: asked.toMs,
      points: TREND_POINTS,
      revision: live.revisions,
    }),
    refetchInterval: 60_000,
  });
  const { data: limits } = useQuery(limitsQuery(subjectId));
  const { data: alarms } = useQuery(subjectAlarmsQuery(subjectId));
  // The map stays the same while readings are added; the version tells when.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const lines = useMemo(
    () => laneLines(trend.data?.lanes ?? [], live.recent),
    [trend.data, live.recent, live.version],
  );
  return {
    stretch,
    nowMs,
    lines,
    limits: limits ?? [],
    alarms: alarms ?? [],
    live,
    silent: connection.state !== 'live',
    unreadable: trend.data?.unreadable ?? [],
    isPending: trend.isPending,
    failure: trend.isError && trend.data === undefined ? trend.error : undefined,
    retry: () => void trend.refetch(),
  };
}

function useStretch(view: TimeView, nowMs: number): Stretch {
  const { fromMs, toMs } = stretchOf(view, nowMs);
  return useMemo(() => ({ fromMs, toMs }), [fromMs, toMs]);
}
