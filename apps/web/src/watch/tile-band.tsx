import type { AlarmView } from '@ausculta/contract/alarms';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { briefText, extremeText, isTechnical, spanText, tinyText } from '../alarms/alarm-text.ts';
import { ownerText } from '../alarms/answer-words.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { Icon } from '../theme/icon.tsx';
import type { IconName } from '../theme/icon-names.ts';
import { BATTERY_LOW_PERCENT, type Battery } from '../vitals/battery.ts';
import { noLimits } from '../vitals/limit-words.ts';
import classes from './tile-band.module.css';
import { TileBattery } from './tile-battery.tsx';

interface TileBandProps {
  readonly top: AlarmView | undefined;
  readonly others: number;
  readonly category: PatientCategory;
  /** What is to be said when the patient's signals have stopped (safety S4). */
  readonly lost: string | undefined;
  /** The emptiest of the patient's devices; always shown while calm, else once it is low. */
  readonly battery: Battery | undefined;
  readonly nowMs: number;
  /** Only with the strip in view (safety S13). */
  readonly canAcknowledge: boolean;
  /** What came of the last attempt to acknowledge, if there is something to say. */
  readonly acknowledgement: string | undefined;
  readonly acknowledge: () => void;
  readonly isDense: boolean;
}

/** The status row; in alarm it becomes the band of the highest alarm. Its height never changes. */
export function TileBand(props: TileBandProps) {
  const { top, lost, battery, isDense } = props;
  if (top !== undefined) return <AlarmBand {...props} top={top} />;
  const unlimited = noLimits(props.category);
  if (lost !== undefined) {
    return (
      <Unwatched
        testId="no-data"
        icon="wifi-off"
        words={isDense ? lost.split(',')[0] : lost}
        battery={battery}
      />
    );
  }
  if (unlimited !== undefined) {
    const words = isDense ? unlimited.brief : unlimited.full;
    return <Unwatched testId="no-limits" icon="triangle-alert" words={words} battery={battery} />;
  }
  return (
    <div className={classes.status}>
      <span>No arrhythmia monitoring{!isDense && ', limits only'}</span>
      {battery !== undefined && <TileBattery battery={battery} />}
    </div>
  );
}

/** Nothing would be heard of this patient: louder than a calm tile, though no alarm. */
function Unwatched(props: {
  readonly testId: string;
  readonly icon: IconName;
  readonly words: string | undefined;
  readonly battery: Battery | undefined;
}) {
  return (
    <div className={classes.lost} data-testid={props.testId}>
      <Icon name={props.icon} size={16} />
      <span className={classes.text}>{props.words}</span>
      {props.battery !== undefined && <TileBattery battery={props.battery} />}
    </div>
  );
}

function AlarmBand(props: TileBandProps & { readonly top: AlarmView }) {
  const { top, battery, isDense } = props;
  const extreme = extremeText(top);
  const owner = ownerText(top);
  const isLow = battery !== undefined && battery.percent < BATTERY_LOW_PERCENT;
  return (
    <div
      className={classes.band}
      data-priority={top.priority}
      data-episode={top.episode}
      data-testid="alarm-band"
    >
      <PriorityMark priority={top.priority} />
      <span className="visually-hidden">
        {top.priority} {isTechnical(top) ? 'technical alarm' : 'alarm'}
      </span>
      <span className={classes.text}>
        {props.acknowledgement ?? (isDense ? tinyText(top) : briefText(top))}
      </span>
      {!isDense && props.acknowledgement === undefined && extreme !== undefined && (
        <span className={classes.extreme}>
          <span>{extreme},</span>
        </span>
      )}
      <span className={classes.age}>
        {spanText(top, props.nowMs)}
        {top.notYetStored && ', not yet stored'}
      </span>
      {owner !== undefined && <span className={classes.owner}>{owner}</span>}
      {props.others > 0 && <b className={classes.more}>+{props.others}</b>}
      {isLow && <TileBattery battery={battery} />}
      {top.episode === 'raised' && props.canAcknowledge && (
        <AcknowledgeButton acknowledge={props.acknowledge} isDense={isDense} top={top} />
      )}
    </div>
  );
}

/** Many stand on a wall: each says to those who listen what it answers. */
function AcknowledgeButton(
  props: Pick<TileBandProps, 'acknowledge' | 'isDense'> & { readonly top: AlarmView },
) {
  return (
    <button
      type="button"
      className={classes.acknowledge}
      aria-label={`Acknowledge ${briefText(props.top)}`}
      onClick={(event) => {
        event.stopPropagation();
        props.acknowledge();
      }}
    >
      {props.isDense ? 'Ack' : 'Acknowledge'}
    </button>
  );
}
