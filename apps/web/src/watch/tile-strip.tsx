import { metricOf } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { SampleRing } from '../live/sample-ring.ts';
import { leadName } from '../vitals/vital-words.ts';
import { belowLabel } from '../wave/label-row.ts';
import { chooseLanes, laneScaleOf } from '../wave/lane-choice.ts';
import { WaveCanvas } from '../wave/wave-canvas.tsx';
import type { LaneSpec, StripReport } from '../wave/wave-strip.ts';
import classes from './tile-strip.module.css';

interface TileStripProps {
  readonly subjectId: string;
  readonly rings: ReadonlyMap<string, SampleRing>;
  readonly heightPx: number;
  readonly pleth: boolean;
  /** Said in place of a trace when an alarm has the status row. */
  readonly lost?: string | undefined;
  readonly label: string;
  readonly strip: StripReport | undefined;
  readonly report: (report: StripReport) => void;
}

type LabelledLane = LaneSpec & { readonly labelPx: number };

const LANE_GAP_PX = 4;
/** Lower than this, the ECG alone has the strip. */
const TWO_LANES_PX_MIN = 40;
const TWO_LEADS_PX_MIN = 100;
/** Of the design's lanes: 50 px of ECG, 29 px of pleth. */
const ECG_SHARE = 50 / 79;

const TIME = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** The strips of one patient, with the words that belong to the traces. */
export function TileStrip(props: TileStripProps) {
  const lanes = tileLanes(props);
  const states = props.strip?.lanes ?? [];
  const isFrozen = props.strip?.frozen === true;
  const ecg = lanes.findIndex((lane) => isEcg(lane));
  const hasNoEcg = ecg < 0 || states[ecg]?.silent === true;
  const lastMs = Math.max(...lanes.map((lane) => props.rings.get(lane.metricKey)?.endMs ?? 0), 0);
  return (
    <div className={classes.strip} style={{ height: props.heightPx }}>
      {lanes.length > 0 && (
        <WaveCanvas
          subjectId={props.subjectId}
          lanes={lanes}
          className={classes.canvas}
          label={props.label}
          report={props.report}
        />
      )}
      {lanes.map((lane, index) =>
        isEcg(lane) || lane.labelPx > 0 ? (
          <span
            key={lane.metricKey}
            className={classes.lead}
            style={{ top: lane.topPx - (lane.labelPx || 2) }}
          >
            {laneWords(lane, states[index]?.gainText)}
          </span>
        ) : null,
      )}
      {isFrozen && (
        <span className={classes.words}>
          <span>Last received {TIME.format(lastMs)}</span>
        </span>
      )}
      {!isFrozen && hasNoEcg && (
        <span
          className={classes.missing}
          style={{ top: lanes[ecg]?.topPx, height: lanes[ecg]?.heightPx ?? props.heightPx }}
        >
          <span className={classes.dashes} />
          {props.lost ?? 'No ECG'}
          <span className={classes.dashes} />
        </span>
      )}
    </div>
  );
}

function isEcg(lane: LaneSpec): boolean {
  return metricOf(lane.metricKey).ink === 'ecg';
}

/** "II ×½", "II arb. units", "Pleth" */
function laneWords(lane: LaneSpec, gainText: string | undefined): string {
  if (!isEcg(lane)) return metricOf(lane.metricKey).label.split(',')[0] ?? '';
  const scale = lane.scale === 'millivolts' ? gainText : 'arb. units';
  return `${leadName(lane.metricKey)} ${scale ?? ''}`;
}

/** Lead II and the pulse; where there is no pulse and room enough, a second lead. */
function tileLanes(props: TileStripProps): LabelledLane[] {
  const chosen = chooseLanes(props.rings.keys());
  const isRoomy = props.heightPx >= TWO_LEADS_PX_MIN;
  const pulse = props.pleth && props.heightPx >= TWO_LANES_PX_MIN ? chosen.pulse : undefined;
  const [first, second] = chosen.ecg;
  const below = pulse ?? (isRoomy ? second : undefined);
  const room = props.heightPx - LANE_GAP_PX;
  const topPx = below === undefined ? props.heightPx : Math.round(room * (pulse ? ECG_SHARE : 0.5));
  const lanes: LabelledLane[] = [];
  if (first !== undefined) {
    lanes.push(belowLabel({ ...laneOf(first), topPx: 0, heightPx: topPx }));
  }
  if (below !== undefined) {
    const rest = { topPx: topPx + LANE_GAP_PX, heightPx: room - topPx };
    lanes.push(belowLabel({ ...laneOf(below), ...rest }));
  }
  return lanes;
}

function laneOf(metric: Metric): Omit<LaneSpec, 'topPx' | 'heightPx'> {
  return {
    metricKey: metric.key,
    scale: laneScaleOf(metric),
    inkVariable: `--metric-${metric.ink}`,
  };
}
