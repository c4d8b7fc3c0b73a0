import type { Metric } from '@ausculta/vitals/metric';
import type { SubjectLive } from '../live/live-store.ts';
import { leadName } from '../vitals/vital-words.ts';
import { chooseLanes } from '../wave/lane-choice.ts';
import { type Stretch, type TimeView, WAVEFORM_SPAN_MS } from './time-view.ts';
import classes from './timeline.module.css';
import { WaveformLane } from './waveform-lane.tsx';

const LEADS_MAX = 2;
const ECG_PX = 110;
const OTHER_PX = 64;

interface WaveformRowsProps {
  readonly subjectId: string;
  readonly live: SubjectLive;
  readonly view: TimeView;
  readonly stretch: Stretch;
  readonly cursorMs: number | undefined;
}

/** The signals themselves, once a stretch is short enough to see them. */
export function WaveformRows(props: WaveformRowsProps) {
  if (props.view.spanMs > WAVEFORM_SPAN_MS) return null;
  const { ecg, pulse, breath } = chooseLanes(props.live.rings.keys());
  const metrics = [...ecg.slice(0, LEADS_MAX), pulse, breath].filter(
    (metric) => metric !== undefined,
  );
  return metrics.map((metric) => <WaveformRow key={metric.key} {...props} metric={metric} />);
}

function WaveformRow(props: WaveformRowsProps & { readonly metric: Metric }) {
  const { metric } = props;
  const isEcg = metric.ink === 'ecg';
  return (
    <div className={classes.lane}>
      <div className={classes.gutter}>
        <span className={classes.title} style={{ color: `var(--metric-${metric.ink})` }}>
          {isEcg ? `ECG ${leadName(metric.key)}` : metric.label.split(',')[0]}
        </span>
        <span className={classes.unit}>{metric.unit === 'mV' ? 'mV' : 'arb. units'}</span>
      </div>
      <WaveformLane
        subjectId={props.subjectId}
        metricKey={metric.key}
        stretch={props.stretch}
        view={props.view}
        heightPx={isEcg ? ECG_PX : OTHER_PX}
        cursorMs={props.cursorMs}
      />
      <div className={classes.right} />
    </div>
  );
}
