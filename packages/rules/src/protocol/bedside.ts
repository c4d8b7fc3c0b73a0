/** All that is watched of one patient, and what each rule has come to. */
import { expect } from '@ausculta/vitals/expect';
import { metricByKey } from '@ausculta/vitals/lookup';
import { type Episode, NO_EPISODE } from '../episode.ts';
import type { Plan, PlannedRule } from './plan.ts';
import { dueMs, type Running, start } from './running.ts';
import { caughtUp, placeOf, type SeriesRecord, startSeries } from './series-record.ts';

/** One rule at one place: a series, a device, or the patient as a whole. */
export interface Watch {
  readonly id: string;
  readonly place: string;
  readonly record: SeriesRecord | undefined;
  planned: PlannedRule;
  running: Running;
  episode: EpisodeHold;
}

export interface EpisodeHold {
  readonly key: string;
  /** The alarm's name. */
  readonly alarm: string;
  watches: readonly Watch[];
  episode: Episode;
}

export interface Bedside {
  plan: Plan;
  /** No input was received after this. */
  heldMs: number;
  /** By device and metric. */
  readonly series: Map<string, Map<string, SeriesRecord>>;
  readonly watches: Map<string, Watch>;
  /** What `watchesOf` has found; forgotten when a watch comes or goes. */
  readonly bySeries: Map<SeriesRecord, readonly Watch[]>;
  readonly episodes: Map<string, EpisodeHold>;
  readonly dues: Map<Watch, number>;
  nextDueMs: number;
}

export function newBedside(plan: Plan, startedAtMs: number): Bedside {
  const bedside: Bedside = {
    plan,
    heldMs: startedAtMs,
    series: new Map(),
    watches: new Map(),
    bySeries: new Map(),
    episodes: new Map(),
    dues: new Map(),
    nextDueMs: Number.POSITIVE_INFINITY,
  };
  startOfPatient(bedside);
  return bedside;
}

function watchId(ruleKey: string, place: string): string {
  return `${ruleKey}#${place}`;
}

/** What is of the patient as a whole begins with the plan, for it also waits for who never comes. */
export function startOfPatient(bedside: Bedside): void {
  for (const planned of bedside.plan.rules) {
    const { kind } = planned.rule.detector;
    if (kind === 'score' || kind === 'overdue' || kind === 'composite')
      watchAt(bedside, planned, { place: '' });
  }
}

export function recordOf(bedside: Bedside, device: string, metricKey: string): SeriesRecord {
  const ofDevice = bedside.series.get(device) ?? new Map<string, SeriesRecord>();
  const known = ofDevice.get(metricKey);
  if (known !== undefined) return known;
  const metric = metricByKey(metricKey);
  expect(metric !== undefined, 'a reading is of a metric of the catalogue');
  const record = startSeries(device, metric);
  bedside.series.set(device, ofDevice.set(metricKey, record));
  startOnSeries(bedside, record);
  // A new source may be the one that a score takes from now on.
  for (const one of allRecords(bedside)) one.isCalm = false;
  return record;
}

export function startOnSeries(bedside: Bedside, record: SeriesRecord): void {
  for (const planned of bedside.plan.rules)
    if (isOnSeries(planned, record)) watchAt(bedside, planned, { place: placeOf(record), record });
}

function isOnSeries({ rule: { detector } }: PlannedRule, { metric }: SeriesRecord): boolean {
  switch (detector.kind) {
    case 'limit':
    case 'rate':
    case 'trend':
    case 'baseline':
      return detector.vital === metric.vital;
    case 'device':
      return detector.condition === 'poor-signal' && metric.cadence.kind === 'continuous';
    case 'score':
    case 'overdue':
    case 'event':
    case 'rhythm':
    case 'composite':
      return false;
    default:
      return detector satisfies never;
  }
}

/** The watch of a rule at a place, started where there is none; undefined where the rule is switched off. */
export function watchAt(
  bedside: Bedside,
  planned: PlannedRule,
  { place, record }: { readonly place: string; readonly record?: SeriesRecord },
): Watch | undefined {
  const { rule, isOff } = planned;
  if (isOff) return undefined;
  const id = watchId(rule.key, place);
  const known = bedside.watches.get(id);
  if (known !== undefined) return known;
  const running = start(rule.detector, {
    patient: bedside.plan.patient,
    metric: record?.metric,
    nowMs: bedside.heldMs,
  });
  const episode = episodeOf(bedside, planned, place);
  const watch: Watch = { id, place, record, planned, running, episode };
  bedside.watches.set(id, watch);
  bedside.bySeries.clear();
  episode.watches = sorted([...episode.watches, watch]);
  wait(bedside, watch);
  return watch;
}

export function episodeOf(bedside: Bedside, { rule }: PlannedRule, place: string): EpisodeHold {
  const isOfDevice = rule.detector.kind === 'device' || rule.detector.kind === 'event';
  const alarm = isOfDevice ? `${rule.episodeKey}/${place}` : rule.episodeKey;
  const key = rule.role === 'alarm' ? alarm : `${rule.role}:${alarm}`;
  const held = bedside.episodes.get(key) ?? { key, alarm, watches: [], episode: NO_EPISODE };
  bedside.episodes.set(key, held);
  return held;
}

/** What looks at the readings of this series, in the order of names, which a restart knows as well. */
export function watchesOf(bedside: Bedside, record: SeriesRecord): readonly Watch[] {
  const known = bedside.bySeries.get(record);
  if (known !== undefined) return known;
  const found = [...bedside.watches.values()]
    .filter(({ record: own, planned: { rule } }) => {
      if (own !== undefined) return own === record;
      const { detector } = rule;
      if (detector.kind === 'score') return true;
      return detector.kind === 'overdue' && detector.vital === record.metric.vital;
    })
    .sort(byName);
  bedside.bySeries.set(record, found);
  return found;
}

/** A restart knows this order as well. */
function byName(one: Watch, other: Watch): number {
  return one.id < other.id ? -1 : 1;
}

export function sorted(watches: readonly Watch[]): readonly Watch[] {
  return watches.toSorted(byName);
}

export function forgetWatch(bedside: Bedside, watch: Watch): void {
  bedside.watches.delete(watch.id);
  bedside.bySeries.clear();
  bedside.dues.delete(watch);
  setNextDue(bedside);
}

export function* allRecords({ series }: Bedside): Generator<SeriesRecord> {
  for (const ofDevice of series.values()) yield* ofDevice.values();
}

/** Gives the detectors the states that they would have, had each been asked at every reading. */
export function catchUp(bedside: Bedside): void {
  const ahead = [...allRecords(bedside)].filter(({ isAhead }) => isAhead);
  if (ahead.length === 0) return;
  for (const watch of bedside.watches.values()) {
    const { record, running } = watch;
    if (record?.isAhead) watch.running = caughtUp(running, [record]);
    else if (running.kind === 'score') watch.running = caughtUp(running, ahead);
  }
  for (const record of ahead) record.isAhead = false;
}

/** Notes when the clock alone will change it. */
export function wait(bedside: Bedside, watch: Watch): void {
  const atMs = dueMs(watch.running);
  const isChanged =
    atMs === undefined ? bedside.dues.delete(watch) : bedside.dues.get(watch) !== atMs;
  if (atMs !== undefined) bedside.dues.set(watch, atMs);
  if (isChanged) setNextDue(bedside);
}

function setNextDue(bedside: Bedside): void {
  bedside.nextDueMs = Math.min(Number.POSITIVE_INFINITY, ...bedside.dues.values());
}
