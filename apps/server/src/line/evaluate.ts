/**
 * Evaluate: every reading against the limits of its vital and the plausible range of its metric. Each
 * series has a state of its own for each rule; one breach seen by two devices is one episode. Plain
 * states in, findings out: the same arrivals give the same findings, live or from a replay.
 */
import { NO_EPISODE } from '@ausculta/rules/episode';
import { NO_FLOW } from '@ausculta/rules/flow';
import { onSample, onSilence, QUIET, silenceDueMs } from '@ausculta/rules/limit';
import { onRangeSample } from '@ausculta/rules/out-of-range';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Arrival, RunArrival } from './consume.ts';
import type { EventEntry, Series } from './entry.ts';
import type { Finding } from './finding.ts';
import { foldInto } from './fold-watch.ts';
import type { ProtocolOf } from './given-plan.ts';
import { type Judgement, Judgements } from './judgements.ts';
import { Plans } from './plans.ts';
import {
  areQuiet,
  catchUp,
  type EpisodeWatch,
  episodeNamed,
  giveWatches,
  isPlain,
  type LeadsState,
  noteLast,
  passCalmly,
  placedMs,
  type SeriesWatch,
  type SubjectWatch,
  setBack,
  setLeads,
  startSeriesWatch,
  type Watch,
} from './series-watch.ts';
import {
  Moment,
  NOTHING_REMEMBERED,
  placeOf,
  type SubjectSnapshot,
  type SubjectState,
  seriesIdsOf,
  snapshotOf,
  watchKey,
} from './snapshot.ts';

const NOTHING_FOUND: readonly Finding[] = [];
const NOTHING_SAID: ReadonlyMap<string, LeadsState> = new Map();

export class Evaluator {
  readonly #categoryOf: (subjectId: SubjectId) => PatientCategory;
  readonly plans: Plans;
  /** By series id; the series of every clock epoch lead to one watch. */
  readonly #bySeries = new Map<number, SeriesWatch>();
  readonly #bySubject = new Map<SubjectId, SubjectWatch>();
  readonly #judgements = new Judgements();
  readonly #pending = new Set<Watch>();
  /** No pending delay runs out in silence before this. */
  #nextDueMs = Number.POSITIVE_INFINITY;
  #touched: SubjectWatch[] = [];

  constructor(
    categoryOf: (subjectId: SubjectId) => PatientCategory,
    protocolOf: ProtocolOf = () => undefined,
  ) {
    this.#categoryOf = categoryOf;
    this.plans = new Plans({
      protocolOf,
      known: (id) => this.#bySubject.get(id),
      toChange: (id) => {
        const subject = this.#subjectOf(id);
        if (!subject.isTouched) this.#touch(subject);
        return subject;
      },
      caughtUp: (subject) => {
        for (const { series } of subject.series) catchUp(this.watchOf(series));
      },
      judgeAnew: (subject) => this.#judgeAnew(subject),
    });
  }

  /**
   * What the checkpoint remembered of a subject, before its first arrival. All of it is watched from
   * now on: a delay runs out though its device stays silent, and another device's first reading does
   * not end an episode that this one holds open.
   */
  remember(snapshot: SubjectSnapshot, seriesById: (id: number) => Series | undefined): void {
    const { plan } = snapshot;
    if (plan !== undefined) this.plans.remember(this.#subjectOf(plan.place.subjectId), plan);
    for (const id of seriesIdsOf(snapshot)) {
      const series = seriesById(id);
      if (series === undefined || this.#watchOf(series) !== undefined) continue;
      const { subject } = this.#startSeries(series, snapshot);
      for (const [device, said] of Object.entries(snapshot.leads ?? {}))
        setLeads(subject, device, said);
    }
  }

  evaluate(arrival: Arrival): readonly Finding[] {
    const known = this.#watchOf(arrival.series);
    const subject = known?.subject ?? this.#subjectOf(arrival.series.subjectId);
    // Even a reading that finds nothing moves what is late and what is not.
    if (!subject.isTouched) this.#touch(subject);
    const watch = known ?? this.#startSeries(arrival.series, NOTHING_REMEMBERED);
    const { plan } = subject;
    const found = this.#judge(watch, arrival);
    return plan === undefined ? found : [...found, ...this.plans.read(plan, arrival)];
  }

  #judge(watch: SeriesWatch, arrival: Arrival): readonly Finding[] {
    const isSilenceDue = arrival.receivedMs >= this.#nextDueMs;
    if (passCalmly(watch, arrival)) {
      return isSilenceDue ? this.#silencesOfLimits(arrival.receivedMs) : NOTHING_FOUND;
    }
    const findings = isSilenceDue ? this.#silencesOfLimits(arrival.receivedMs) : [];
    this.#giveRules(watch, NOTHING_REMEMBERED);
    catchUp(watch);
    if (arrival.receivedMs < watch.lastAtMs) setBack(watch, arrival.receivedMs);
    for (const each of watch.watches) this.#evaluateWatch(each, arrival, findings);
    watch.isQuiet = areQuiet(watch.watches);
    noteLast(watch, arrival);
    return findings;
  }

  /** Of a waveform it is only watched whether it comes. */
  watchRun({ series, endMs, receivedMs }: RunArrival): void {
    const known = this.#watchOf(series);
    const subject = known?.subject ?? this.#subjectOf(series.subjectId);
    if (!subject.isTouched) this.#touch(subject);
    const watch = known ?? this.#startSeries(series, NOTHING_REMEMBERED);
    if (receivedMs < watch.lastAtMs) setBack(watch, receivedMs);
    noteLast(watch, { timeMs: endMs, receivedMs });
  }

  /** What a device says of its electrodes; an older word than the last one says nothing of now. */
  watchEvent(entry: EventEntry): readonly Finding[] {
    const { event, offsetMs, receivedMs } = entry;
    const timeMs = event.stampMs === undefined ? receivedMs : event.stampMs + offsetMs;
    const atMs = placedMs({ timeMs, receivedMs });
    this.#hearLeads(entry, atMs);
    return this.plans.happen(entry, atMs);
  }

  #hearLeads({ event, subjectId, deviceId }: EventEntry, atMs: number): void {
    const isOff = event.kind === 'leads-off';
    if (!isOff && event.kind !== 'leads-on') return;
    const subject = this.#subjectOf(subjectId);
    const before = subject.leads.get(deviceId);
    if (before !== undefined && (atMs < before.atMs || isOff === before.isOff)) return;
    // Of whom nothing has been measured yet there is nothing to keep, nor to miss.
    if (!subject.isTouched && subject.series.length > 0) this.#touch(subject);
    setLeads(subject, deviceId, { isOff, atMs });
  }

  /**
   * What is watched is what one device measures of one subject: a new clock epoch is a new series,
   * and no end of what was going on. A breach goes on, and may end, across it.
   */
  #watchOf(series: Series): SeriesWatch | undefined {
    const known = this.#bySeries.get(series.id);
    if (known !== undefined) return known;
    const { deviceId, metric, subjectId } = series;
    const ofOtherEpoch = this.#bySubject
      .get(subjectId)
      ?.series.find(({ series: one }) => one.deviceId === deviceId && one.metric === metric);
    if (ofOtherEpoch !== undefined) this.#bySeries.set(series.id, ofOtherEpoch);
    return ofOtherEpoch;
  }

  /** Before anything of the subject changes. */
  #touch(subject: SubjectWatch): void {
    subject.moment?.stateOf(subject);
    subject.isTouched = true;
    this.#touched.push(subject);
  }

  #evaluateWatch(watch: Watch, arrival: Arrival, findings: Finding[]): void {
    const { reading, timeMs, receivedMs } = arrival;
    const { value, flags } = reading;
    const before = watch.state;
    const sample = { atMs: timeMs, receivedAtMs: receivedMs, value, flags };
    const { settings } = watch;
    const step =
      settings === undefined ? onRangeSample(before, sample) : onSample(before, sample, settings);
    watch.state = step.state;
    const phase = step.state.phase;
    if (phase === 'quiet' && before.phase === 'quiet' && step.transition === undefined) return;
    if (before.phase === 'quiet' && phase !== 'quiet') watch.openingValue = value;
    if (phase === 'pending') this.#addPending(watch);
    else this.#pending.delete(watch);
    foldInto(findings, watch, { step, value, atMs: receivedMs });
  }

  /** Delays that ran out in silence, as of `nowMs`: fired before whatever is received after it. */
  silences(nowMs: number): Finding[] {
    return [...this.#silencesOfLimits(nowMs), ...this.plans.watchTime(nowMs)];
  }

  #silencesOfLimits(nowMs: number): Finding[] {
    const findings: Finding[] = [];
    if (nowMs < this.#nextDueMs) return findings;
    this.#nextDueMs = Number.POSITIVE_INFINITY;
    const due: { watch: Watch; dueMs: number }[] = [];
    for (const watch of this.#pending) {
      const dueMs = dueOf(watch) ?? Number.POSITIVE_INFINITY;
      if (dueMs > nowMs) this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
      else due.push({ watch, dueMs });
    }
    // Not in the order in which they began to wait: a restart does not know it.
    due.sort((a, b) => a.dueMs - b.dueMs || compareWatches(a.watch, b.watch));
    for (const { watch, dueMs } of due) {
      const { settings } = watch;
      this.#pending.delete(watch);
      if (settings === undefined) continue;
      const subject = this.#subjectOf(watch.series.subjectId);
      if (!subject.isTouched) this.#touch(subject);
      const step = onSilence(watch.state, nowMs, settings);
      watch.state = step.state;
      foldInto(findings, watch, { step, value: watch.openingValue, atMs: dueMs });
    }
    return findings;
  }

  #addPending(watch: Watch): void {
    this.#pending.add(watch);
    const dueMs = dueOf(watch) ?? Number.POSITIVE_INFINITY;
    this.#nextDueMs = Math.min(this.#nextDueMs, dueMs);
  }

  #startSeries(series: Series, remembered: SubjectSnapshot): SeriesWatch {
    const subject = this.#subjectOf(series.subjectId);
    const judged = this.#judgementOf(subject, series.metric);
    const flow = remembered.flows?.[series.id] ?? NO_FLOW;
    const calmly = remembered.calm?.[series.id];
    const watch = startSeriesWatch(series, subject, { judged, flow, calmly });
    this.#bySeries.set(series.id, watch);
    const isRemembered = judged.rules.some(
      ({ rule }) => remembered.states[watchKey(rule.key, series.id)] !== undefined,
    );
    if (isRemembered) this.#giveRules(watch, remembered);
    return watch;
  }

  #judgementOf({ id, plan }: SubjectWatch, metric: Metric): Judgement {
    if (plan !== undefined) return this.#judgements.besidePlan(metric);
    return this.#judgements.of(this.#categoryOf(id), metric);
  }

  /** From now on each of its rules has a state of its own. */
  #giveRules(watch: SeriesWatch, remembered: SubjectSnapshot): void {
    if (!isPlain(watch)) return;
    const { series, subject, judged } = watch;
    const made = judged.rules.map(({ rule, settings }) =>
      this.#startWatch({ series, rule, settings }, { subject, remembered }),
    );
    giveWatches(watch, made);
  }

  #startWatch(
    what: Pick<Watch, 'series' | 'rule' | 'settings'>,
    { subject, remembered }: { subject: SubjectWatch; remembered: SubjectSnapshot },
  ): Watch {
    const { series, rule } = what;
    const { state = QUIET, openingValue = 0 } =
      remembered.states[watchKey(rule.key, series.id)] ?? {};
    const episode = episodeOf(subject, rule.episodeKey, remembered);
    const watch: Watch = { ...what, episode, state, openingValue };
    episode.watches = episode.watches.concat(watch);
    if (watch.state.phase === 'pending') this.#addPending(watch);
    return watch;
  }

  #subjectOf(id: SubjectId): SubjectWatch {
    let subject = this.#bySubject.get(id);
    if (subject === undefined) {
      subject = {
        id,
        series: [],
        episodes: [],
        leads: NOTHING_SAID,
        plan: undefined,
        isTouched: false,
        moment: undefined,
      };
      this.#bySubject.set(id, subject);
    }
    return subject;
  }

  /** Erased: no delay of it runs out any more, and no snapshot that is yet to be taken holds it. */
  forget(subjectId: SubjectId): void {
    const subject = this.#bySubject.get(subjectId);
    if (subject === undefined) return;
    for (const { watches } of subject.series) {
      for (const watch of watches) this.#pending.delete(watch);
    }
    for (const [id, watch] of this.#bySeries) {
      if (watch.subject === subject) this.#bySeries.delete(id);
    }
    this.#touched = this.#touched.filter((touched) => touched !== subject);
    if (subject.plan !== undefined) this.plans.forget(subject.plan);
    this.#bySubject.delete(subjectId);
  }

  /** What is watched of a series, for who is about to change it. */
  watchOf(series: Series): SeriesWatch {
    const subject = this.#subjectOf(series.subjectId);
    if (!subject.isTouched) this.#touch(subject);
    const watch = this.#watchOf(series) ?? this.#startSeries(series, NOTHING_REMEMBERED);
    this.#giveRules(watch, NOTHING_REMEMBERED);
    return watch;
  }

  /** All that is watched, for who looks at it by the clock; whose category has changed, by its limits. */
  subjects(): Iterable<SubjectWatch> {
    const changed = [...this.#bySubject.values()].filter((one) => this.#isChanged(one));
    for (const subject of changed) this.#judgeAnew(subject);
    return this.#bySubject.values();
  }

  #isChanged(subject: SubjectWatch): boolean {
    const [first] = subject.series;
    if (first === undefined) return false;
    return this.#judgementOf(subject, first.series.metric) !== first.judged;
  }

  /** What went on by limits that they still have goes on; the others begin with their next reading. */
  #judgeAnew(subject: SubjectWatch): void {
    if (!subject.isTouched) this.#touch(subject);
    const snapshot = snapshotOf(subject);
    this.forget(subject.id);
    const anew = this.#subjectOf(subject.id);
    if (subject.plan !== undefined) this.plans.give(anew, subject.plan);
    for (const { series } of subject.series) this.#startSeries(series, snapshot);
    anew.leads = subject.leads;
    this.#touch(anew);
  }

  subject(id: SubjectId): SubjectWatch | undefined {
    return this.#bySubject.get(id);
  }

  /**
   * The states of subjects that changed since their last snapshot, of all or of those whose series are
   * asked for, as they are at this moment. They are
   * made one by one, when they are asked for or before their subject changes: all at once would keep
   * every device of a hospital waiting.
   */
  snapshot(
    isAsked: (place: SubjectState['place']) => boolean = () => true,
  ): Iterable<SubjectState> {
    const isOurs = (subject: SubjectWatch) => {
      const place = placeOf(subject);
      return place !== undefined && isAsked(place);
    };
    const moment = new Moment(this.#touched.filter(isOurs));
    this.#touched = this.#touched.filter((subject) => !isOurs(subject));
    return moment;
  }

  /** A copy that can be led on without touching this one: for arrivals that are not yet durable. */
  fork(): Evaluator {
    const fork = new Evaluator(this.#categoryOf);
    for (const subject of this.#bySubject.values()) {
      const snapshot = snapshotOf(subject);
      const { plan } = subject;
      if (plan !== undefined) fork.plans.give(fork.#subjectOf(subject.id), plan.copy());
      for (const { series } of subject.series) fork.#startSeries(series, snapshot);
      fork.#subjectOf(subject.id).leads = subject.leads;
    }
    return fork;
  }
}

function episodeOf(subject: SubjectWatch, key: string, remembered: SubjectSnapshot): EpisodeWatch {
  const held = episodeNamed(subject, key);
  if (held !== undefined) return held;
  const { episode = NO_EPISODE, extremeValue = 0 } = remembered.episodes[key] ?? {};
  const begun: EpisodeWatch = { key, watches: [], episode, extremeValue };
  subject.episodes = subject.episodes.concat(begun);
  return begun;
}

function dueOf({ state, settings }: Watch): number | undefined {
  return settings === undefined ? undefined : silenceDueMs(state, settings);
}

function compareWatches(a: Watch, b: Watch): number {
  return a.series.id - b.series.id || (a.rule.key < b.rule.key ? -1 : 1);
}
