/** What is lost of a subject, and what its series say of it: told apart here, timed in monitoring.ts. */
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { type FlowState, isSteady, silentAfterMs } from '@ausculta/rules/flow';
import {
  isByElectrodes,
  LEADS_OFF_AFTER_MS,
  leadsOffOf,
  lossOf,
  NO_DATA_PRIORITY,
  noDataOfDevice,
  noDataOfVital,
} from '@ausculta/rules/no-data';
import { alarmSubject } from '@ausculta/vitals/alarm';
import type { Series } from './entry.ts';
import { alarmIdOf, type Finding, type Source } from './finding.ts';
import type { SeriesWatch, SubjectWatch } from './series-watch.ts';

/** What is known to be lost of a subject. */
export interface Losses {
  /** Series that are missed, and devices that have stopped: until a reading newer than this is steady. */
  readonly missing: Map<number, number>;
  readonly stopped: Map<string, number>;
  /** By device: when it sent again, and when its leads were on again. What is slow gets its time anew. */
  readonly returned: Map<string, number>;
  readonly reattached: Map<string, number>;
  /** By rule key: the alarm that tells it. */
  readonly told: Map<string, { readonly alarmId: string; readonly series: Source }>;
}

/** A loss as it is found now. */
export interface Loss {
  readonly key: string;
  readonly series: Series;
  readonly sinceMs: number;
  readonly silentAfterMs: number;
}

export function noLosses(): Losses {
  return {
    missing: new Map(),
    stopped: new Map(),
    returned: new Map(),
    reattached: new Map(),
    told: new Map(),
  };
}

/** Numbers before waveforms, so that the groups made of them come in this order. */
export function numbersFirst(watches: readonly SeriesWatch[]): SeriesWatch[] {
  return watches.toSorted((a, b) => Number(isWaveform(a)) - Number(isWaveform(b)));
}

const isWaveform = ({ series }: SeriesWatch): boolean => series.metric.kind === 'waveform';

export const lossOfWatch = ({ series }: SeriesWatch): string => lossOf(series.metric);

/** Its device, or its electrodes, have only just come back: it may not have had anything to send yet. */
export function isAwaited(
  watch: SeriesWatch,
  now: { worn: readonly SeriesWatch[]; losses: Losses; nowMs: number },
): boolean {
  const { series, flow } = watch;
  const { returned, reattached } = now.losses;
  const isJust = (atMs: number | undefined): boolean =>
    atMs !== undefined && now.nowMs - atMs < flow.silentAfterMs;
  if (isByElectrodes(series.metric) && isJust(reattached.get(series.deviceId))) return true;
  if (!isJust(returned.get(series.deviceId))) return false;
  const ofDevice = now.worn.filter((one) => one.series.deviceId === series.deviceId);
  return isWaveform(watch) || flow.silentAfterMs > shortestOf(ofDevice);
}

/** A waveform whose device has lost a number as well: the number is told. */
export function isToldByNumber(
  watch: SeriesWatch,
  worn: readonly SeriesWatch[],
  { missing }: Losses,
): boolean {
  if (!isWaveform(watch)) return false;
  const { deviceId } = watch.series;
  return worn.some(
    (one) => one.series.deviceId === deviceId && !isWaveform(one) && missing.has(one.series.id),
  );
}

/** Whether an alarm of this key is about what this series is part of. */
export function isToldBy({ series: { deviceId, metric } }: SeriesWatch, key: string): boolean {
  return [noDataOfDevice(deviceId), leadsOffOf(deviceId), noDataOfVital(lossOf(metric))].includes(
    key,
  );
}

export const isAnyLeadOff = ({ leads }: SubjectWatch): boolean => {
  for (const { isOff } of leads.values()) if (isOff) return true;
  return false;
};

/** A rate counted on the ECG long after the leads came off: they are on again, whatever was said. */
export function isBackOn({ series, flow, lastAtMs }: SeriesWatch, offMs: number): boolean {
  const isRate = series.metric.key === 'heart-rate';
  return isRate && isSteady(flow) && lastAtMs > offMs + LEADS_OFF_AFTER_MS;
}

/** Who takes a device off does not want it watched any more. */
export function forgetUnworn({ missing, stopped }: Losses, worn: readonly SeriesWatch[]): void {
  for (const id of missing.keys()) {
    if (!worn.some(({ series }) => series.id === id)) missing.delete(id);
  }
  for (const id of stopped.keys()) {
    if (!worn.some(({ series }) => series.deviceId === id)) stopped.delete(id);
  }
}

/** Also of a series that has not been steady yet: an alarm about it must not stay present for ever. */
export function missedAfter(flow: FlowState, { metric: { cadence } }: Series): number {
  if (cadence.kind !== 'continuous') return Number.POSITIVE_INFINITY;
  return flow.silentAfterMs || silentAfterMs(cadence.intervalMs);
}

export function isBack(watch: SeriesWatch, sinceMs: number): boolean {
  return watch.lastAtMs > sinceMs && isSteady(watch.flow);
}

export function newestAtMs(watches: readonly SeriesWatch[]): number {
  return Math.max(...watches.map(({ lastAtMs }) => lastAtMs));
}

export function newestOf(subject: SubjectWatch, deviceId: string): number {
  return newestAtMs(subject.series.filter(({ series }) => series.deviceId === deviceId));
}

/** The time after which the quickest of them is missed. */
export function shortestOf(watches: readonly SeriesWatch[]): number {
  return Math.min(...watches.map(({ flow }) => flow.silentAfterMs));
}

export function raisedBy(
  loss: Loss,
  nowMs: number,
): Extract<Finding, { kind: 'raised' | 'passed' }> {
  const { key, series, sinceMs } = loss;
  const silentS = Math.round((nowMs - sinceMs) / 1000);
  const rule: AlarmRule = {
    kind: alarmSubject(key).kind,
    key,
    episodeKey: key,
    priority: NO_DATA_PRIORITY,
    direction: 'high',
    limit: Math.round(loss.silentAfterMs / 1000),
  };
  return {
    kind: 'raised',
    alarmId: alarmIdOf(key, sinceMs),
    series,
    rule,
    priority: rule.priority,
    sinceMs,
    openingValue: silentS,
    value: silentS,
    atMs: nowMs,
  };
}
