import type { SubjectView } from '@ausculta/contract/subjects';
import { Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import ChevronLeft from 'lucide-react/icons/chevron-left';
import ChevronRight from 'lucide-react/icons/chevron-right';
import Table from 'lucide-react/icons/table';
import { useCallback, useMemo, useState } from 'react';
import { limitsQuery, subjectAlarmsQuery, trendQuery } from '../api/queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { useLive, useNow, useSubjectLive } from '../live/live-context.tsx';
import { leadName } from '../vitals/vital-words.ts';
import { chooseLanes } from '../wave/lane-choice.ts';
import { EventsLane } from './events-lane.tsx';
import { laneLines } from './lane-lines.ts';
import { LANE_METRICS, LANES } from './lane-plan.ts';
import { LaneRow } from './lane-row.tsx';
import { TimeAxis } from './time-axis.tsx';
import {
  askedStretch,
  panBy,
  RANGES,
  type Stretch,
  stretchOf,
  type TimeView,
  WAVEFORM_SPAN_MS,
} from './time-view.ts';
import { spanWords } from './time-words.ts';
import classes from './timeline.module.css';
import { TimelineTable } from './timeline-table.tsx';
import { useTimeGestures } from './use-time-gestures.ts';
import { WaveformLane } from './waveform-lane.tsx';

/** Teal is what one can do: the chosen range is filled with it. */
const CHOSEN_RANGE = { '--sc-color': 'var(--brand)', '--sc-label-color': 'var(--on-brand)' };
const TREND_POINTS = 1_600;
/** How often a live timeline moves on: about once for each pixel, within reason. */
const MOVES_PER_SPAN = 900;

export function Timeline({ subject }: { readonly subject: SubjectView }) {
  const [view, setView] = useState<TimeView>({ spanMs: RANGES[1].spanMs, endMs: 'live' });
  const [isTable, setTable] = useState(false);
  const [cursorMs, setCursorMs] = useState<number>();
  const live = useLive();
  const state = useSubjectLive(subject.id);
  const moveMs = Math.min(10_000, Math.max(200, view.spanMs / MOVES_PER_SPAN));
  const nowMs = useNow(moveMs);
  const stretch = useStretch(view, nowMs);
  const asked = askedStretch(stretch);
  const trend = useQuery({
    ...trendQuery({
      subjectId: subject.id,
      metrics: LANE_METRICS,
      fromMs: asked.fromMs,
      toMs: asked.toMs,
      points: TREND_POINTS,
      revision: state.revisions,
    }),
    refetchInterval: 60_000,
  });
  const { data: limits } = useQuery(limitsQuery(subject.id));
  const { data: alarms } = useQuery(subjectAlarmsQuery(subject.id));
  const gestures = useTimeGestures({ view, stretch, setView, live });
  const onCursor = useCallback((atMs: number | undefined) => setCursorMs(atMs), []);
  // The map stays the same while readings are added; the version tells when.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const lines = useMemo(
    () => laneLines(trend.data?.lanes ?? [], state.recent),
    [trend.data, state.recent, state.version],
  );
  const pan = (share: number) => setView(panBy(view, { shiftMs: share * view.spanMs, nowMs }));
  const waveforms = view.spanMs <= WAVEFORM_SPAN_MS ? chooseLanes(state.rings.keys()) : undefined;
  const strips =
    waveforms &&
    [...waveforms.ecg.slice(0, 2), waveforms.pulse, waveforms.breath].filter(
      (metric) => metric !== undefined,
    );

  return (
    <section className={`card ${classes.timeline}`} aria-label="Timeline">
      <div className={classes.tools}>
        <SegmentedControl
          aria-label="Range"
          size="sm"
          vars={() => ({ root: CHOSEN_RANGE })}
          data={RANGES.map(({ label }) => label)}
          value={RANGES.find(({ spanMs }) => spanMs === view.spanMs)?.label ?? ''}
          onChange={(label) => {
            const range = RANGES.find((known) => known.label === label);
            if (range !== undefined) setView({ spanMs: range.spanMs, endMs: view.endMs });
          }}
        />
        <div className={classes.steps}>
          <Button
            variant="default"
            size="compact-md"
            aria-label="Earlier"
            onClick={() => pan(-0.5)}
          >
            <ChevronLeft size={16} aria-hidden="true" />
          </Button>
          <span className={classes.span}>{spanWords(stretch)}</span>
          <Button
            variant="default"
            size="compact-md"
            aria-label="Later"
            disabled={view.endMs === 'live'}
            onClick={() => pan(0.5)}
          >
            <ChevronRight size={16} aria-hidden="true" />
          </Button>
          <Button
            variant={view.endMs === 'live' ? 'filled' : 'default'}
            size="compact-md"
            aria-pressed={view.endMs === 'live'}
            onClick={() => setView({ spanMs: view.spanMs, endMs: 'live' })}
          >
            Now
          </Button>
        </div>
        <Button
          variant="default"
          size="compact-md"
          leftSection={<Table size={16} aria-hidden="true" />}
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? 'Chart' : 'Table'}
        </Button>
      </div>
      {trend.isError && trend.data === undefined ? (
        <ErrorState
          title="The trend cannot be loaded"
          error={trend.error}
          retry={() => void trend.refetch()}
        />
      ) : isTable ? (
        <TimelineTable lines={lines} stretch={stretch} />
      ) : (
        <div
          ref={gestures}
          className={classes.lanes}
          data-testid="timeline"
          aria-busy={trend.isPending}
        >
          <EventsLane alarms={alarms ?? []} open={[...state.alarms.values()]} stretch={stretch} />
          {strips?.map((metric) => (
            <div key={metric.key} className={classes.lane}>
              <div className={classes.gutter}>
                <span className={classes.title} style={{ color: `var(--metric-${metric.ink})` }}>
                  {metric.ink === 'ecg'
                    ? `ECG ${leadName(metric.key)}`
                    : metric.label.split(',')[0]}
                </span>
                <span className={classes.unit}>{metric.unit === 'mV' ? 'mV' : 'arb. units'}</span>
              </div>
              <WaveformLane
                subjectId={subject.id}
                metricKey={metric.key}
                stretch={stretch}
                view={view}
                heightPx={metric.ink === 'ecg' ? 110 : 64}
                cursorMs={cursorMs}
              />
              <div className={classes.right} />
            </div>
          ))}
          {LANES.map((plan) => (
            <LaneRow
              key={plan.vital}
              plan={plan}
              lines={lines}
              limits={limits ?? []}
              stretch={stretch}
              readings={[...state.latest.values()]}
              nowMs={nowMs}
              silent={live.state !== 'live'}
              cursorMs={cursorMs}
              onCursor={onCursor}
              isPending={trend.isPending}
            />
          ))}
          <TimeAxis stretch={stretch} cursorMs={cursorMs} />
        </div>
      )}
    </section>
  );
}

function useStretch(view: TimeView, nowMs: number): Stretch {
  const { fromMs, toMs } = stretchOf(view, nowMs);
  return useMemo(() => ({ fromMs, toMs }), [fromMs, toMs]);
}
