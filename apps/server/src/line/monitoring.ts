/**
 * Loss of monitoring (safety S4): who sends steadily and then stops is told, one alarm for one cause.
 * A device of which nothing comes any more is one alarm, however many vitals are lost with it; one
 * vital that stops while its device goes on is an alarm of its own; a vital that another device still
 * measures is not lost. A waveform that stops is told when nothing else of its device tells the same,
 * and what goes with the electrodes is told as "leads off" by a device that says so (safety S20).
 *
 * This is judged by the clock, and only while the server listens: a replay cannot know when it did.
 * So nothing is raised in a replay; what was raised before is held as it was (`resume`), and a device
 * that does not come back after a restart is found once the time for it has passed again. An alarm is
 * named by the last reading, which the log knows: found twice, it has the same name.
 */
import {
  isByElectrodes,
  LEADS_OFF_AFTER_MS,
  leadsOffOf,
  noDataOfDevice,
  noDataOfVital,
} from '@ausculta/rules/no-data';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Series } from './entry.ts';
import type { Finding } from './finding.ts';
import {
  forgetUnworn,
  isAnyLeadOff,
  isAwaited,
  isBack,
  isBackOn,
  isToldBy,
  isToldByNumber,
  type Loss,
  type Losses,
  lossOfWatch,
  missedAfter,
  newestAtMs,
  newestOf,
  noLosses,
  numbersFirst,
  raisedBy,
  shortestOf,
} from './losses.ts';
import { type SeriesWatch, type SubjectWatch, setBack } from './series-watch.ts';

/** By less than this the clock goes back without a word: a delay is that much longer. */
const SET_BACK_MS = 1_000;

/** Nobody has looked for so long that nobody can have listened either: the machine was asleep. */
const ASLEEP_MS = 5_000;

const NOBODY = (): boolean => false;

/**
 * Of a vital that a device of the subject measures: whether its numbers are of now. 'awaited': old, but
 * the server has not listened for long enough to say that they have stopped.
 */
export type DataState = 'flowing' | 'awaited' | 'stopped' | 'nobody-measures';

interface Listening {
  readonly clockMs?: number;
  readonly isHeldBack?: (series: Series) => boolean;
}

export class Monitoring {
  /** Whether a device is there to be missed: worn by the series' subject, who is a person. */
  readonly #isWorn: (series: Series, nowMs: number) => boolean;
  readonly #losses = new Map<SubjectId, Losses>();
  /** Since when the server listens without a break. */
  #listeningMs = Number.NEGATIVE_INFINITY;
  /** By the clock. */
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isHeldBack: (series: Series) => boolean = NOBODY;

  constructor(isWorn: (series: Series, nowMs: number) => boolean) {
    this.#isWorn = isWorn;
  }

  /**
   * A loss that was told before a restart: held until its readings are steady again. False when none
   * of its series is known yet.
   */
  resume(subject: SubjectWatch, told: { key: string; alarmId: string }): boolean {
    const losses = this.#lossesOf(subject.id);
    for (const watch of subject.series) {
      if (!isToldBy(watch, told.key)) continue;
      const { deviceId } = watch.series;
      const isOfDevice = noDataOfDevice(deviceId) === told.key;
      const isOfLeads = leadsOffOf(deviceId) === told.key;
      if (isOfDevice) losses.stopped.set(deviceId, newestOf(subject, deviceId));
      // Whether leads are off the device has said; whether anything is missing is another matter.
      if (!isOfLeads) losses.missing.set(watch.series.id, watch.lastAtMs);
      losses.told.set(told.key, { alarmId: told.alarmId, series: watch.series });
    }
    return losses.told.has(told.key);
  }

  /** Erased. */
  forget(subjectId: SubjectId): void {
    this.#losses.delete(subjectId);
  }

  /** What came meanwhile cannot be seen in these readings: everybody gets their time anew. */
  startListening(nowMs: number): void {
    this.#listeningMs = nowMs;
  }

  /**
   * As of `nowMs`: a moment up to which all has been heard. That lies behind the clock's own `clockMs`
   * where the store is slow, and may go back when it returns; only the clock tells a sleep or a change
   * of itself. `isHeldBack`: of devices that may be waiting for our own answer, while the store is away.
   * Their silence is no news: that monitoring is degraded has been told to all, as one alarm (safety S20).
   */
  look(
    subjects: Iterable<SubjectWatch>,
    nowMs: number,
    { clockMs = nowMs, isHeldBack = NOBODY }: Listening = {},
  ): Finding[] {
    this.#isHeldBack = isHeldBack;
    if (clockMs - this.#lookedMs > ASLEEP_MS) this.startListening(clockMs);
    const isSetBack = clockMs < this.#lookedMs - SET_BACK_MS;
    this.#lookedMs = isSetBack ? clockMs : Math.max(this.#lookedMs, clockMs);
    const all = isSetBack ? this.#setBack([...subjects], Math.min(nowMs, clockMs)) : subjects;
    const findings: Finding[] = [];
    for (const subject of all) {
      const isWell =
        !this.#losses.has(subject.id) &&
        !isAnyLeadOff(subject) &&
        !this.#isAnyMissed(subject, nowMs);
      if (!isWell) this.#lookAt(subject, nowMs, findings);
    }
    return findings;
  }

  /** Whatever was heard was heard by now at the latest: silence is counted on from here. */
  #setBack(subjects: readonly SubjectWatch[], nowMs: number): readonly SubjectWatch[] {
    this.#listeningMs = Math.min(this.#listeningMs, nowMs);
    for (const { series } of subjects)
      for (const watch of series) if (watch.lastAtMs > nowMs) setBack(watch, nowMs);
    for (const { missing, stopped, returned, reattached } of this.#losses.values())
      for (const times of [missing, stopped, returned, reattached] as Map<unknown, number>[])
        for (const [key, atMs] of times) times.set(key, Math.min(atMs, nowMs));
    return subjects;
  }

  #isAnyMissed({ series }: SubjectWatch, nowMs: number): boolean {
    for (const watch of series) if (this.#isMissed(watch, nowMs)) return true;
    return false;
  }

  #isMissed({ series, flow, lastAtMs }: SeriesWatch, nowMs: number): boolean {
    if (flow.silentAfterMs === 0 || this.#isHeldBack(series)) return false;
    return nowMs - Math.max(lastAtMs, this.#listeningMs) >= flow.silentAfterMs;
  }

  #lookAt(subject: SubjectWatch, nowMs: number, findings: Finding[]): void {
    const losses = this.#lossesOf(subject.id);
    const worn = subject.series.filter(
      ({ flow, series }) => flow.silentAfterMs > 0 && this.#isWorn(series, nowMs),
    );
    forgetUnworn(losses, worn);
    for (const watch of worn) this.#noteMissing(losses, watch, nowMs);
    this.#noteStopped(losses, worn, nowMs);
    const off = this.#leadsOffNow(losses, subject, nowMs);
    for (const deviceId of subject.leads.keys()) {
      const wasOff = losses.told.has(leadsOffOf(deviceId));
      if (wasOff && !off.has(deviceId)) losses.reattached.set(deviceId, nowMs);
    }
    const lost = [...off.values(), ...this.#lostNow(losses, worn, { off, nowMs })];
    // Whoever comes first says it: a number is better known by its name than a waveform.
    const found = new Map(lost.toReversed().map((loss) => [loss.key, loss]));
    for (const loss of found.values()) {
      if (losses.told.has(loss.key)) continue;
      const raised = raisedBy(loss, nowMs);
      losses.told.set(loss.key, raised);
      findings.push(raised);
    }
    for (const [key, { alarmId, series }] of losses.told) {
      if (found.has(key)) continue;
      losses.told.delete(key);
      const ended = { kind: 'ended', alarmId, series, endedMs: nowMs, atMs: nowMs } as const;
      const isTakenOff = this.#isTakenOff(subject, key, nowMs);
      findings.push(isTakenOff ? { ...ended, because: 'taken-off' } : ended);
    }
    if (losses.missing.size + losses.stopped.size + losses.told.size === 0)
      this.#losses.delete(subject.id);
  }

  /** Nobody is missed any more for whom a device has been taken off: not because it came back. */
  #isTakenOff({ series }: SubjectWatch, key: string, nowMs: number): boolean {
    const ofKey = series.filter((watch) => isToldBy(watch, key));
    return ofKey.length > 0 && !ofKey.some((watch) => this.#isWorn(watch.series, nowMs));
  }

  #noteMissing({ missing }: Losses, watch: SeriesWatch, nowMs: number): void {
    const { id } = watch.series;
    const sinceMs = missing.get(id);
    if (sinceMs === undefined) {
      if (this.#isMissed(watch, nowMs)) missing.set(id, watch.lastAtMs);
    } else if (isBack(watch, sinceMs)) missing.delete(id);
  }

  #noteStopped({ stopped, returned }: Losses, worn: readonly SeriesWatch[], nowMs: number): void {
    for (const [deviceId, ofDevice] of Map.groupBy(worn, ({ series }) => series.deviceId)) {
      const sinceMs = stopped.get(deviceId);
      if (sinceMs !== undefined) {
        if (!ofDevice.some((watch) => isBack(watch, sinceMs))) continue;
        stopped.delete(deviceId);
        returned.set(deviceId, nowMs);
        continue;
      }
      const isHeldBack = ofDevice.some(({ series }) => this.#isHeldBack(series));
      if (!isHeldBack && this.#silenceOf(ofDevice, nowMs) >= shortestOf(ofDevice)) {
        stopped.set(deviceId, newestAtMs(ofDevice));
      }
    }
  }

  #silenceOf(watches: readonly SeriesWatch[], nowMs: number): number {
    return nowMs - Math.max(newestAtMs(watches), this.#listeningMs);
  }

  /** Leads that a device has said to be off, and that no rate of its own has contradicted since. */
  #leadsOffNow(losses: Losses, { leads, series }: SubjectWatch, nowMs: number): Map<string, Loss> {
    const off = new Map<string, Loss>();
    for (const [deviceId, { isOff, atMs }] of leads) {
      if (!isOff || losses.stopped.has(deviceId)) continue;
      const worn = series.filter(
        (watch) => watch.series.deviceId === deviceId && this.#isWorn(watch.series, nowMs),
      );
      const watch = worn.find((one) => isByElectrodes(one.series.metric)) ?? worn[0];
      if (watch === undefined || worn.some((one) => isBackOn(one, atMs))) continue;
      const key = leadsOffOf(deviceId);
      const isTime = nowMs - Math.max(atMs, this.#listeningMs) >= LEADS_OFF_AFTER_MS;
      if (!isTime && !losses.told.has(key)) continue;
      const loss = { key, series: watch.series, sinceMs: atMs, silentAfterMs: LEADS_OFF_AFTER_MS };
      off.set(deviceId, loss);
    }
    return off;
  }

  #lostNow(
    losses: Losses,
    worn: readonly SeriesWatch[],
    { off, nowMs }: { off: ReadonlyMap<string, Loss>; nowMs: number },
  ): Loss[] {
    const found: Loss[] = [];
    for (const [vital, ofVital] of Map.groupBy(numbersFirst(worn), lossOfWatch)) {
      if (!ofVital.every(({ series }) => losses.missing.has(series.id))) continue;
      if (ofVital.every(({ series }) => off.has(series.deviceId) && isByElectrodes(series.metric)))
        continue;
      const newest = ofVital.reduce((a, b) => (b.lastAtMs > a.lastAtMs ? b : a));
      const { series } = newest;
      const ofDevice = worn.filter((watch) => watch.series.deviceId === series.deviceId);
      const key = noDataOfVital(vital);
      const hasStopped = losses.stopped.has(series.deviceId);
      if (hasStopped) {
        const sinceMs = newestAtMs(ofDevice);
        const shortestMs = shortestOf(ofDevice);
        const ofAll = { key: noDataOfDevice(series.deviceId), silentAfterMs: shortestMs };
        found.push({ ...ofAll, series, sinceMs });
      }
      const isTold = losses.told.has(key);
      if (!isTold && ofVital.some((watch) => isAwaited(watch, { worn, losses, nowMs }))) continue;
      if (!isTold && ofVital.every((watch) => isToldByNumber(watch, worn, losses))) continue;
      // The whole device may be stopping: one alarm for both, as soon as that is known.
      const isDeviceDoubtful = this.#silenceOf(ofDevice, nowMs) >= shortestOf(ofDevice) / 2;
      if (isTold || !(hasStopped || isDeviceDoubtful)) {
        const { silentAfterMs: afterMs } = newest.flow;
        found.push({ key, series, sinceMs: newest.lastAtMs, silentAfterMs: afterMs });
      }
    }
    return found;
  }

  /** Whether an alarm about this vital is about now. Single measurements stand until the next one. */
  dataOf(subject: SubjectWatch | undefined, vital: string, nowMs: number): DataState {
    const all = subject?.series.filter(({ series }) => series.metric.vital === vital) ?? [];
    const worn = all.filter(({ series }) => this.#isWorn(series, nowMs));
    if (all.length > 0 && worn.length === 0) return 'nobody-measures';
    if (worn.some((watch) => this.#isFlowing(watch, nowMs))) return 'flowing';
    const isAwaited = worn.some(
      ({ flow, series }) => nowMs - this.#listeningMs < missedAfter(flow, series),
    );
    return isAwaited ? 'awaited' : 'stopped';
  }

  #isFlowing({ series, subject, flow, lastAtMs }: SeriesWatch, nowMs: number): boolean {
    if (series.metric.cadence.kind !== 'continuous') return true;
    if (this.#losses.get(subject.id)?.missing.has(series.id)) return false;
    return nowMs - lastAtMs < missedAfter(flow, series);
  }

  #lossesOf(subjectId: SubjectId): Losses {
    let losses = this.#losses.get(subjectId);
    if (losses === undefined) {
      losses = noLosses();
      this.#losses.set(subjectId, losses);
    }
    return losses;
  }
}
