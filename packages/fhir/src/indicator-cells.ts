/**
 * Indicators that tell of nobody. A number that rests on fewer people than the least is not told (as CMS has it
 * for its cells: fewer than 11), nor one by which such a number follows from a total and the others
 * (CMS cell size suppression policy).
 */
import type { AlarmPriority } from '@ausculta/vitals/alarm';

/** Of how many people something was counted. */
export interface Count {
  readonly value: number;
  readonly people: number;
}

export interface AlarmFigures {
  readonly raised: Count;
  readonly acknowledged: Count;
  /** Of whom an alarm was not acknowledged. */
  readonly peopleWithout: number;
  /** From when it was raised to when a person acknowledged it. */
  readonly medianMs: number | undefined;
}

export interface IndicatorFigures {
  readonly patients: number;
  readonly devices: Count;
  readonly readings: ReadonlyMap<string, Count>;
  readonly glucose: Readonly<Record<'all' | 'below' | 'within' | 'above', Count>>;
  readonly alarms: Readonly<Record<AlarmPriority | 'all', AlarmFigures>>;
}

/** A number, or that it is not told. */
export type Cell = number | 'masked';

export interface AlarmCells {
  readonly raised: Cell;
  readonly acknowledged: Cell;
  /** Undefined where nothing was acknowledged. */
  readonly medianSeconds: Cell | undefined;
}

export interface IndicatorCells {
  readonly patients: Cell;
  readonly devices: Cell;
  readonly readings: ReadonlyMap<string, Cell>;
  /** Of all values, in percent, to one decimal; undefined where there are none. */
  readonly glucoseBelow: Cell | undefined;
  readonly glucoseAbove: Cell | undefined;
  readonly alarms: Readonly<Record<AlarmPriority | 'all', AlarmCells>>;
}

export function cellsOf(figures: IndicatorFigures, least: number): IndicatorCells {
  const { patients, devices, readings } = figures;
  const cell = (count: Count): Cell => (isTold(count, least) ? count.value : 'masked');
  return {
    patients: cell({ value: patients, people: patients }),
    // Fewer devices than the least would tell of those who share one.
    devices: devices.value > 0 && devices.value < least ? 'masked' : cell(devices),
    readings: new Map([...readings].map(([vital, count]) => [vital, cell(count)])),
    ...glucoseCells(figures.glucose, least),
    alarms: alarmCells(figures.alarms, least),
  };
}

/** Nobody is nobody in particular. */
const isTold = ({ people }: Count, least: number): boolean => people === 0 || people >= least;

/** What is neither below nor above is the rest of both, and all else is the rest of each. */
function glucoseCells(
  { all, below, within, above }: IndicatorFigures['glucose'],
  least: number,
): Pick<IndicatorCells, 'glucoseBelow' | 'glucoseAbove'> {
  if (all.value === 0) return { glucoseBelow: undefined, glucoseAbove: undefined };
  const isEnough = (count: Count): boolean => isTold(count, least);
  // Of so many people at least are two together.
  const both = (a: Count, b: Count): Count => ({
    value: a.value + b.value,
    people: Math.max(a.people, b.people),
  });
  const isBelow = [all, below, both(within, above)].every(isEnough);
  const isAbove = [all, above, both(within, below)].every(isEnough);
  const isRestDerived = isBelow && isAbove && !isEnough(within);
  const share = (part: Count, isSafe: boolean): Cell =>
    isSafe && !isRestDerived ? Math.round((1000 * part.value) / all.value) / 10 : 'masked';
  return { glucoseBelow: share(below, isBelow), glucoseAbove: share(above, isAbove) };
}

/** A total is told only where all that it is made of is: else the one that is not told follows from the rest. */
function alarmCells(
  { low, medium, high, all }: IndicatorFigures['alarms'],
  least: number,
): Record<AlarmPriority | 'all', AlarmCells> {
  const cells = {
    low: answeredCells(low, least),
    medium: answeredCells(medium, least),
    high: answeredCells(high, least),
  };
  const parts = Object.values(cells);
  const total = answeredCells(all, least);
  const isAnswered = parts.every(({ acknowledged }) => acknowledged !== 'masked');
  const isRaised = parts.every(({ raised }) => raised !== 'masked');
  return {
    ...cells,
    all: { ...(isAnswered ? total : UNTOLD), raised: isRaised ? total.raised : 'masked' },
  };
}

const UNTOLD = { acknowledged: 'masked', medianSeconds: 'masked' } as const;

/** Both those that were acknowledged and those that were not: one is the rest of the other. */
function answeredCells(figures: AlarmFigures, least: number): AlarmCells {
  const { raised, acknowledged, peopleWithout, medianMs } = figures;
  if (!isTold(raised, least)) return { raised: 'masked', ...UNTOLD };
  const isSplit = isTold(acknowledged, least) && (peopleWithout === 0 || peopleWithout >= least);
  if (!isSplit) return { raised: raised.value, ...UNTOLD };
  const medianSeconds = medianMs === undefined ? undefined : Math.round(medianMs / 1000);
  return { raised: raised.value, acknowledged: acknowledged.value, medianSeconds };
}
