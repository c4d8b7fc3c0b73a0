import { metricOf } from '@ausculta/vitals/lookup';
import type { SampleRing } from '../live/sample-ring.ts';
import { leadName } from '../vitals/vital-words.ts';
import { chooseLanes, laneScaleOf } from '../wave/lane-choice.ts';
import { WaveCanvas } from '../wave/wave-canvas.tsx';
import type { LaneSpec, StripReport } from '../wave/wave-strip.ts';
import classes from './tile-strip.module.css';

interface TileStripProps {
  readonly subjectId: string;
  readonly rings: ReadonlyMap<string, SampleRing>;
  readonly heightPx: number;
  readonly pleth: boolean;
  readonly label: string;
  readonly strip: StripReport | undefined;
  readonly report: (report: StripReport) => void;
}

const LANE_GAP_PX = 4;
/** Lower than this, the ECG alone has the strip. */
const TWO_LANES_PX_MIN = 40;
/** Of the design's lanes: 50 px of ECG, 29 px of pleth. */
const ECG_SHARE = 50 / 79;

const TIME = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** ECG and pleth of one patient, with the words that belong to the traces. */
export function TileStrip(props: TileStripProps) {
  const lanes = tileLanes(props);
  const ecg = lanes.find((lane) => metricOf(lane.metricKey).ink === 'ecg');
  const ecgState = ecg && props.strip?.lanes[lanes.indexOf(ecg)];
  const isFrozen = props.strip?.frozen === true;
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
      {ecg !== undefined && (
        <span className={classes.lead}>
          {leadName(ecg.metricKey)}
          {ecg.scale === 'millivolts' ? ` ${ecgState?.gainText ?? ''}` : ' arb. units'}
        </span>
      )}
      {isFrozen && <span className={classes.words}>Last received {TIME.format(lastMs)}</span>}
      {!isFrozen && (ecg === undefined || ecgState?.silent === true) && (
        <span className={classes.missing} style={{ height: ecg?.heightPx ?? props.heightPx }}>
          <span className={classes.dashes} />
          No ECG
          <span className={classes.dashes} />
        </span>
      )}
    </div>
  );
}

function tileLanes(props: TileStripProps): LaneSpec[] {
  const chosen = chooseLanes(props.rings.keys());
  const ecg = chosen.ecg[0];
  const pulse = props.pleth && props.heightPx >= TWO_LANES_PX_MIN ? chosen.pulse : undefined;
  const room = props.heightPx - LANE_GAP_PX;
  const ecgPx = pulse === undefined ? props.heightPx : Math.round(room * ECG_SHARE);
  const lanes: LaneSpec[] = [];
  if (ecg !== undefined) {
    lanes.push({ ...laneOf(ecg), topPx: 0, heightPx: ecgPx });
  }
  if (pulse !== undefined) {
    lanes.push({ ...laneOf(pulse), topPx: ecgPx + LANE_GAP_PX, heightPx: room - ecgPx });
  }
  return lanes;
}

function laneOf(metric: ReturnType<typeof metricOf>) {
  return {
    metricKey: metric.key,
    scale: laneScaleOf(metric),
    inkVariable: `--metric-${metric.ink}`,
  } as const;
}
