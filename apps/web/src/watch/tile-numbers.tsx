import type { AlarmView } from '@ausculta/contract/alarms';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { metricByKey, metricOf } from '@ausculta/vitals/lookup';
import { coarseDurationText, UNKNOWN, unitText, valueText } from '../vitals/number-text.ts';
import { type Candidate, chooseVital, type VitalNumber } from '../vitals/vital-choice.ts';
import { rateLabel } from '../vitals/vital-words.ts';
import { NumberCell } from './number-cell.tsx';
import classes from './tile-numbers.module.css';

interface TileNumbersProps {
  readonly readings: readonly Candidate[];
  readonly alarms: readonly AlarmView[];
  readonly nowMs: number;
  readonly silent: boolean;
  readonly rateSize: 72 | 44 | 28;
  readonly temperature: boolean;
  readonly isFlashing: boolean;
}

export function TileNumbers(props: TileNumbersProps) {
  const choose = (vital: string) =>
    chooseVital(props.readings, { vital, nowMs: props.nowMs, silent: props.silent });
  const rate = choose('heart-rate');
  const saturation = choose('spo2');
  const breaths = choose('resp-rate');
  const systolic = choose('blood-pressure-systolic');
  const diastolic = choose('blood-pressure-diastolic');
  const temperature = choose('body-temperature');
  const isDense = props.rateSize === 28;
  const cell = (vital: string, number: VitalNumber | undefined) => ({
    number,
    text: number === undefined ? UNKNOWN : valueText(number.reading),
    broken: brokenBy(props.alarms, vital),
    isFlashing:
      props.isFlashing && props.alarms[0] !== undefined && vitalOf(props.alarms[0]) === vital,
  });

  return (
    <div className={classes.numbers} data-size={props.rateSize}>
      <NumberCell
        {...cell('heart-rate', rate)}
        className={classes.rate}
        label={isDense ? rateText(rate).replace(/,? .*/, '') : rateText(rate)}
        testId="hr-value"
      />
      <NumberCell
        {...cell('spo2', saturation)}
        className={classes.saturation}
        label={aged(saturation, isDense ? 'SpO₂' : 'SpO₂ %', 'SpO₂')}
        testId="spo2-value"
      />
      <NumberCell
        {...cell('resp-rate', breaths)}
        className={classes.breaths}
        label={aged(breaths, 'RR', 'RR')}
        testId="rr-value"
      />
      <NumberCell
        {...cell('blood-pressure-systolic', systolic)}
        className={classes.pressure}
        label={pressureLabel(systolic, isDense)}
        text={pressureText(systolic, diastolic)}
        broken={
          brokenBy(props.alarms, 'blood-pressure-systolic') ??
          brokenBy(props.alarms, 'blood-pressure-diastolic')
        }
        testId="bp-value"
      />
      {props.temperature && (
        <NumberCell
          {...cell('body-temperature', temperature)}
          className={classes.temperature}
          label={aged(temperature, unitText(metricOf('body-temperature').unit), '°C')}
          testId="temperature-value"
        />
      )}
    </div>
  );
}

/** The label of a number that is old says how old. */
function aged(number: VitalNumber | undefined, label: string, short: string): string {
  if (number === undefined) return label;
  if (number.freshness === 'stale') return `${short} ${coarseDurationText(number.ageMs)}`;
  return number.freshness === 'absent' ? short : label;
}

/** The rate has room to say what it was. */
function rateText(rate: VitalNumber | undefined): string {
  if (rate === undefined) return 'HR';
  if (rate.freshness === 'absent') return `HR was ${valueText(rate.reading)}`;
  return aged(rate, rateLabel(rate.metric), 'HR');
}

/** A cuff measures now and then: its age is always told. */
function pressureLabel(systolic: VitalNumber | undefined, isDense: boolean): string {
  if (systolic === undefined) return 'NIBP';
  if (systolic.metric.cadence.kind === 'continuous') return aged(systolic, 'ABP', 'ABP');
  return `${isDense ? 'BP' : 'NIBP'} ${coarseDurationText(systolic.ageMs)}`;
}

/** Both numbers come from one measurement, or the second is left unknown. */
function pressureText(
  systolic: VitalNumber | undefined,
  diastolic: VitalNumber | undefined,
): string {
  if (systolic === undefined) return UNKNOWN;
  const belong = diastolic !== undefined && diastolic.reading.timeMs === systolic.reading.timeMs;
  return `${valueText(systolic.reading)}/${belong ? valueText(diastolic.reading) : UNKNOWN}`;
}

function vitalOf(alarm: AlarmView): string | undefined {
  return metricByKey(alarm.metric)?.vital;
}

/** The highest alarm whose condition is present on this vital; alarms come in order. */
function brokenBy(alarms: readonly AlarmView[], vital: string): AlarmPriority | undefined {
  return alarms.find((alarm) => alarm.condition === 'present' && vitalOf(alarm) === vital)
    ?.priority;
}
