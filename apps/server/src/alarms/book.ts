/**
 * The alarm book: all alarms that still concern somebody, in memory and in the database. A finding
 * becomes an alarm with a derived id, so a replay changes nothing; every change goes to who watches
 * at once and to the database in order. A checkpoint waits until its alarms are durable.
 */
import type { AlarmView } from '@ausculta/contract/alarms';
import { alarmSubject, isLossOfMonitoring } from '@ausculta/vitals/alarm';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { Registry } from '../devices/registry.ts';
import { callOf } from '../line/call.ts';
import type { Arrival, RunArrival } from '../line/consume.ts';
import type { CareEntry, EventEntry, LogEntry, MovedEntry, Series } from '../line/entry.ts';
import { Evaluator } from '../line/evaluate.ts';
import type { Finding } from '../line/finding.ts';
import type { ProtocolOf } from '../line/given-plan.ts';
import { handOver } from '../line/handover.ts';
import { Monitoring } from '../line/monitoring.ts';
import type { DetectorSnapshot } from '../telemetry/flush.ts';
import { isIn, type PartitionSpan } from '../telemetry/flush-turns.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import {
  causeOf,
  confirmed,
  endedFor,
  furthest,
  inOrder,
  isMoreUrgent,
  isOpen,
  isPresent,
  type RaisedFinding,
  raisedAlarm,
  returned,
  risen,
} from './alarm-change.ts';
import { alarmOfRow, rowOfAlarm, type StoredAlarm } from './alarm-row.ts';
import { AlarmShelf } from './alarm-shelf.ts';
import { AlarmWriter, type AlarmWriterPorts } from './alarm-writer.ts';
import { type Answer, type Answerer, answered } from './answers.ts';
import { changesByMove, type MovedReadings } from './moved-readings.ts';
import { NotYetStored } from './not-yet-stored.ts';
import { Provisional } from './provisional.ts';
import { brokenSeal, rememberedDetectors } from './remembered-detectors.ts';
import { changesByClock } from './rounds.ts';
import { carriedOver, further } from './snoozing.ts';
import { readAlarms, readReturns } from './store.ts';
import { WatchedBy } from './watched-by.ts';

/** Alarms stay in the book this long after they were raised, for the lists of the last day. */
const KEPT_MS = 24 * 3_600_000;

export interface AlarmBookPorts extends AlarmWriterPorts {
  readonly sealOf: SubjectKeys['sealOf'];
  readonly registry: Registry;
  readonly protocolOf?: ProtocolOf;
  readonly nowMs: () => number;
}

type Listener = (subjectId: SubjectId, alarm: AlarmView) => void;

export class AlarmBook {
  readonly #ports: AlarmBookPorts;
  readonly #shelf = new AlarmShelf();
  readonly #evaluator: Evaluator;
  readonly watch: WatchedBy;
  readonly #monitoring: Monitoring;
  readonly #writer: AlarmWriter;
  #listener: Listener = () => {};
  #provisional: Provisional | undefined;
  readonly #notYetStored: NotYetStored;
  #provisionalEndedMs = Number.NEGATIVE_INFINITY;
  /** Losses of monitoring that were told before this start; held once their subjects are known. */
  #toResume: StoredAlarm[] = [];

  static async open(ports: AlarmBookPorts): Promise<AlarmBook> {
    const book = new AlarmBook(ports);
    const shelf = book.#shelf;
    const beginAnew = new Set<string>();
    for (const row of await readAlarms(ports.sql, ports.nowMs() - KEPT_MS)) {
      const seal = ports.sealOf(row.subject_id);
      if (seal === undefined) continue;
      const alarm = alarmOfRow(row, seal);
      if (alarm.ok) shelf.hold(alarm.value);
      else {
        // Nobody sees it here, so whatever is still beyond its limit has to be told again.
        beginAnew.add(row.subject_id);
        ports.onProblem(`open alarm ${row.subject_id}/${row.id}`, brokenSeal(alarm.fault));
      }
    }
    for (const row of await readReturns(ports.sql, ports.nowMs() - KEPT_MS)) {
      shelf.recallReturn(row);
    }
    for await (const snapshot of rememberedDetectors(ports, beginAnew)) {
      book.#evaluator.remember(snapshot, ports.registry.seriesById);
    }
    book.#toResume = [...shelf.all()].filter(
      ({ view }) => isLossOfMonitoring(view.ruleKey) && isPresent(view),
    );
    return book;
  }

  private constructor(ports: AlarmBookPorts) {
    this.#ports = ports;
    const categoryOf = (id: SubjectId) => ports.registry.subjects.get(id)?.category ?? 'unknown';
    this.#evaluator = new Evaluator(categoryOf, ports.protocolOf);
    this.watch = new WatchedBy({ evaluator: this.#evaluator, shelf: this.#shelf, categoryOf });
    this.#monitoring = new Monitoring((series, nowMs) => this.#isWorn(series, nowMs));
    this.#writer = new AlarmWriter(ports);
    this.#notYetStored = new NotYetStored({
      shelf: this.#shelf,
      write: (alarm, what) => this.#write(alarm, what),
      settle: () => this.#writer.settle(),
      show: ({ subjectId, view }) => this.#listener(subjectId, view),
    });
  }

  #isWorn({ deviceId, subjectId }: Series, nowMs: number): boolean {
    const { devices, subjects } = this.#ports.registry;
    const kind = subjects.get(subjectId)?.kind;
    const isPerson = kind === 'patient' || kind === 'bed';
    return isPerson && devices.get(deviceId)?.wearerNow(nowMs) === subjectId;
  }

  /** The one who shows alarms; set once, when the live sockets are there. */
  onChange(listener: Listener): void {
    this.#listener = listener;
  }

  get openCount(): number {
    return [...this.#shelf.all()].filter(({ view }) => isOpen(view)).length;
  }

  openOf(subjectId: SubjectId): AlarmView[] {
    return inOrder([...this.#shelf.openOf(subjectId)]);
  }

  /** The most urgent first, then the newest. */
  all(wanted: (view: AlarmView, organisationId: OrganisationId) => boolean): AlarmView[] {
    return inOrder(
      [...this.#shelf.all()].filter(({ view, organisationId }) => wanted(view, organisationId)),
    );
  }

  /** What is consumed from here on was accepted later: delays that silence has ended by now are over. */
  watchTime(atMs: number): void {
    this.tell(this.#evaluator.silences(atMs));
  }

  evaluate(arrival: Arrival): void {
    for (const finding of this.#evaluator.evaluate(arrival)) this.#apply(finding, false);
  }

  watchRun(arrival: RunArrival): void {
    this.#evaluator.watchRun(arrival);
  }

  watchEvent(entry: EventEntry): void {
    const call = callOf(entry);
    this.tell([...this.#evaluator.watchEvent(entry), ...(call === undefined ? [] : [call])]);
  }

  /** Another plan, or an answer to what lasts until one, from here on in the log. */
  watchCare(entry: CareEntry): void {
    if (this.#ports.sealOf(entry.subjectId) === undefined) return;
    this.tell(this.#evaluator.plans.watchCare(entry));
  }

  /** What a device measured is another's: what rested on it ends here, and goes on there. */
  watchMove(entry: MovedEntry): void {
    const { registry, sealOf } = this.#ports;
    if (sealOf(entry.subjectId) === undefined) return;
    const device = registry.devices.get(entry.deviceId);
    const twinOf = ({ metric, epoch }: Series): Series | undefined =>
      device?.seriesOf(entry.toSubjectId, metric, epoch);
    this.tell(handOver(this.#evaluator, entry, twinOf));
  }

  /** Alarms that rest on what was moved stay where they were sounded, and say so. */
  async noteMoved(
    moved: MovedReadings,
    { metrics, atMs }: { metrics: readonly Metric[]; atMs: number },
  ): Promise<void> {
    await this.#writer.settle();
    const ports = { ...this.#ports, shelf: this.#shelf };
    for await (const { alarm, what } of changesByMove(ports, moved, { metrics, atMs })) {
      this.#shelf.amend(alarm);
      this.#say(alarm, what);
    }
    await this.#writer.settle();
  }

  /** What the detectors say, or was found in readings that came to their subject late. */
  tell(findings: readonly Finding[]): void {
    for (const finding of findings) this.#apply(finding, false);
  }

  /**
   * While the log is stalled, what has been accepted and is not yet durable is led through a copy of
   * the detectors: alarms are raised with the same ids, marked "not yet stored" (safety S3).
   */
  evaluateProvisionally(pending: readonly LogEntry[]): void {
    const findings = this.#led().evaluatePending(pending, this.#ports.nowMs());
    for (const finding of findings) this.#apply(finding, true);
  }

  /** While intake is refusing, the acknowledgement is withheld and the alarm is not (safety S3). */
  evaluateRefused(entries: readonly LogEntry[]): void {
    for (const finding of this.#led().evaluate(entries)) this.#apply(finding, true);
  }

  #led(): Provisional {
    const { onProblem } = this.#ports;
    this.#provisional ??= new Provisional(this.#evaluator.fork(), {
      onBroken: (entry, error) => onProblem(`evaluate ${entry.kind} provisionally`, error),
    });
    return this.#provisional;
  }

  /**
   * The store is back. What the log has not confirmed by now was true all the same: it is kept, and a
   * round ends it when newer readings do not bear it out. What was refused is not in the log, so that
   * its devices only seem to have been silent: they get their time anew.
   */
  endProvisional(): void {
    if (this.#provisional === undefined) return;
    this.#provisional = undefined;
    this.#provisionalEndedMs = this.#ports.nowMs();
    this.#monitoring.startListening(this.#provisionalEndedMs);
    this.#notYetStored.begin();
  }

  #apply(finding: Finding, isProvisional: boolean): void {
    const known = this.#shelf.find(finding);
    switch (finding.kind) {
      case 'raised':
      case 'passed':
        this.#raise(finding, known, isProvisional);
        break;
      case 'worsened':
        if (known !== undefined) this.#further(known, finding.value);
        break;
      case 'risen':
        // A replay says it again: what has been seen since then stays seen.
        if (known === undefined || !isMoreUrgent(finding.priority, known.view.priority)) return;
        this.#put(risen(known, finding.priority), 'risen');
        break;
      case 'ended':
        if (known === undefined || isProvisional) return;
        this.#put(endedFor(known, finding.endedMs, finding.because), 'ended');
        break;
      default:
        finding satisfies never;
    }
  }

  #raise(finding: RaisedFinding, known: StoredAlarm | undefined, isProvisional: boolean): void {
    if (known !== undefined && known.view.id !== finding.alarmId) {
      this.#return(known, finding);
      return;
    }
    if (known !== undefined && (!known.view.notYetStored || isProvisional)) {
      // What was written down has been corrected since, and is further beyond the limit than was told.
      if (finding.kind === 'passed') this.#worsen(known, finding);
      return;
    }
    const before = this.#shelf.lastLike(finding);
    const raised = carriedOver(raisedAlarm(finding, isProvisional), finding, before);
    const alarm = confirmed(known, raised);
    if (isProvisional) this.#notYetStored.note(alarm);
    this.#put(alarm, finding.kind);
  }

  /** A replay says it again: what a person has answered since then stays answered. */
  #return(known: StoredAlarm, finding: RaisedFinding): void {
    if (!this.#shelf.hasReturned(finding)) {
      const what = this.#shelf.noteReturn(known.view, finding);
      const back = returned(known, finding);
      this.#put(back, what);
      if (back.view.snooze !== undefined) this.#further(back, finding.value);
      return;
    }
    this.#worsen(known, finding);
  }

  #worsen(known: StoredAlarm, { value }: RaisedFinding): void {
    if (furthest(known.view, value) === known.view.extremeValue || !isOpen(known.view)) return;
    this.#further(known, value);
  }

  #further(known: StoredAlarm, value: number): void {
    const { alarm, what } = further(known, { value, nowMs: this.#ports.nowMs() });
    this.#put(alarm, what);
  }

  #put(alarm: StoredAlarm, what: string): void {
    this.#shelf.hold(alarm);
    this.#say(alarm, what);
  }

  #say(alarm: StoredAlarm, what: string): void {
    this.#listener(alarm.subjectId, alarm.view);
    if (!alarm.view.notYetStored || this.#notYetStored.isGoing(alarm)) this.#write(alarm, what);
  }

  #write(alarm: StoredAlarm, what: string): void {
    const cause = causeOf(alarm, what);
    const seal = this.#ports.sealOf(alarm.view.subjectId);
    if (seal === undefined) return;
    this.#writer.write(rowOfAlarm(alarm, seal), { what, cause, atMs: this.#ports.nowMs() });
  }

  /** Durable when it resolves; undefined when there is no such alarm. */
  async answer(
    who: Answerer,
    { subjectId, id }: { subjectId: SubjectId; id: string },
    answer: Answer,
  ): Promise<AlarmView | undefined> {
    const known = this.#shelf.get(subjectId, id);
    if (known === undefined || known.organisationId !== who.organisationId) return undefined;
    const change = answered(known, answer, { who, nowMs: this.#ports.nowMs() });
    if (change === undefined) return known.view;
    this.#put(change.alarm, change.what);
    await this.#writer.settle();
    return change.alarm.view;
  }

  /** Erased: its alarms end with its record, in memory and on their way to the database. */
  forget(subjectId: SubjectId): void {
    this.#writer.forget(subjectId);
    this.#shelf.forgetSubject(subjectId);
    this.#evaluator.forget(subjectId);
    this.#provisional?.evaluator.forget(subjectId);
    this.#monitoring.forget(subjectId);
    this.#toResume = this.#toResume.filter(({ view }) => view.subjectId !== subjectId);
    this.#notYetStored.forget(subjectId);
  }

  /** Resolves when all that was raised so far is durable. */
  settle(): Promise<void> {
    return this.#writer.settle();
  }

  snapshot(span: PartitionSpan): Iterable<DetectorSnapshot> {
    const states = this.#evaluator.snapshot((place) => isIn(span, place));
    return {
      *[Symbol.iterator]() {
        for (const { subjectId, place, snapshot } of states) {
          const { organisationId, partition } = place;
          yield { organisationId, partition, subjectId, state: snapshot };
        }
      },
    };
  }

  /**
   * Looks at what the clock brings, as of a moment up to which everything received has been consumed:
   * a later one would take a stalled log for a silent device. While the store is away, the copy of the
   * detectors knows better who is silent.
   */
  lookForSilence(consumedUntilMs: number): void {
    this.watchTime(consumedUntilMs);
    const provisional = this.#provisional;
    const isProvisional = provisional !== undefined;
    const evaluator = provisional?.evaluator ?? this.#evaluator;
    const isHeldBack = ({ deviceId }: Series) => provisional?.isWaiting(deviceId) === true;
    const clockMs = this.#ports.nowMs();
    const nowMs = isProvisional ? clockMs : consumedUntilMs;
    this.#resume(evaluator);
    const listening = { clockMs, isHeldBack };
    for (const finding of this.#monitoring.look(evaluator.subjects(), nowMs, listening)) {
      this.#apply(finding, isProvisional);
    }
    const isConsumed = !isProvisional && consumedUntilMs > this.#provisionalEndedMs;
    const round = { shelf: this.#shelf, evaluator, monitoring: this.#monitoring };
    for (const { alarm, what } of changesByClock({ ...round, nowMs, clockMs, isConsumed })) {
      this.#put(alarm, what);
    }
    this.#shelf.forgetSettledBefore(clockMs - KEPT_MS);
  }

  #resume(evaluator: Evaluator): void {
    this.#toResume = this.#toResume.filter(({ subjectId, view }) => {
      const subject = evaluator.subject(subjectId);
      const told = { key: view.ruleKey, alarmId: view.id };
      if (subject !== undefined && this.#monitoring.resume(subject, told)) return false;
      if (this.#isAnyWorn(subjectId, alarmSubject(view.ruleKey).deviceId)) return true;
      // Taken off before anything more was heard of it: no reading will ever end this one.
      const known = this.#shelf.get(subjectId, view.id);
      if (known !== undefined && isPresent(known.view))
        this.#put(endedFor(known, this.#ports.nowMs(), 'taken-off'), 'ended');
      return false;
    });
  }

  /** Whether the subject wears this device, or any where none is named. */
  #isAnyWorn(subjectId: SubjectId, deviceId: string | undefined): boolean {
    const worn = this.#ports.registry.devicesOf(subjectId, this.#ports.nowMs());
    return deviceId === undefined ? worn.length > 0 : worn.some(({ id }) => id === deviceId);
  }
}
