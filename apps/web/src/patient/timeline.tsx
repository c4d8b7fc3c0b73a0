import type { SubjectView } from '@ausculta/contract/subjects';
import { useCallback, useState } from 'react';
import { ErrorState } from '../frame/list-states.tsx';
import { useLive } from '../live/live-context.tsx';
import { EventsLane } from './events-lane.tsx';
import { LANES } from './lane-plan.ts';
import { LaneRow } from './lane-row.tsx';
import { TimeAxis } from './time-axis.tsx';
import { RANGES, type TimeView } from './time-view.ts';
import classes from './timeline.module.css';
import { TimelineTable } from './timeline-table.tsx';
import { TimelineTools } from './timeline-tools.tsx';
import { UnreadableNotice } from './unreadable-notice.tsx';
import { useTimeGestures } from './use-time-gestures.ts';
import { type TimelineData, useTimeline } from './use-timeline.ts';
import { WaveformRows } from './waveform-rows.tsx';

/** One patient's vitals over time, from a day down to seconds, as charts or as a table. */
export function Timeline({ subject }: { readonly subject: SubjectView }) {
  const [view, setView] = useState<TimeView>({ spanMs: RANGES[1].spanMs, endMs: 'live' });
  const [isTable, setTable] = useState(false);
  const data = useTimeline(subject.id, view);
  const { stretch, nowMs, failure } = data;
  return (
    <section className={`card ${classes.timeline}`} aria-label="Timeline">
      <TimelineTools {...{ view, setView, stretch, nowMs, isTable, setTable }} />
      <UnreadableNotice parts={data.unreadable} />
      {failure !== undefined ? (
        <ErrorState title="The trend cannot be loaded" error={failure} retry={data.retry} />
      ) : isTable ? (
        <TimelineTable lines={data.lines} stretch={stretch} />
      ) : (
        <Lanes subjectId={subject.id} data={data} view={view} setView={setView} />
      )}
    </section>
  );
}

interface LanesProps {
  readonly subjectId: string;
  readonly data: TimelineData;
  readonly view: TimeView;
  readonly setView: (view: TimeView) => void;
}

/** All lanes share one time, one cursor and one pair of hands. */
function Lanes({ subjectId, data, view, setView }: LanesProps) {
  const live = useLive();
  const { stretch } = data;
  const [cursorMs, setCursorMs] = useState<number>();
  const onCursor = useCallback((atMs: number | undefined) => setCursorMs(atMs), []);
  const gestures = useTimeGestures({ view, stretch, setView, live });
  const readings = [...data.live.latest.values()];
  return (
    <div ref={gestures} className={classes.lanes} data-testid="timeline" aria-busy={data.isPending}>
      <EventsLane alarms={data.alarms} open={[...data.live.alarms.values()]} stretch={stretch} />
      <WaveformRows {...{ subjectId, live: data.live, view, stretch, cursorMs }} />
      {LANES.map((plan) => (
        <LaneRow
          key={plan.vital}
          plan={plan}
          lines={data.lines}
          limits={data.limits}
          stretch={stretch}
          readings={readings}
          nowMs={data.nowMs}
          silent={data.silent}
          cursorMs={cursorMs}
          onCursor={onCursor}
          isPending={data.isPending}
        />
      ))}
      <TimeAxis stretch={stretch} cursorMs={cursorMs} />
    </div>
  );
}
