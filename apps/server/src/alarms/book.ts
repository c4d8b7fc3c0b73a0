/**
 * The alarm book: all alarms that still concern somebody, in memory and in the database. A finding
 * becomes an alarm with a derived id, so a replay changes nothing; every change goes to who watches
 * at once and to the database in order. A checkpoint waits until its alarms are durable.
 */
import type { AlarmView } from '@ausculta/contract/alarms';
import { type LimitRule, readyLimits } from '@ausculta/rules/adult-limits';
import { type AlarmEvent, afterEvent } from '@ausculta/rules/alarm-life';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { priorityRank } from '@ausculta/vitals/alarm';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { type Arrival, consume } from '../line/consume.ts';
import type { LogEntry } from '../line/entry.ts';
import { Evaluator, type SubjectSnapshot } from '../line/evaluate.ts';
import type { Finding } from '../line/finding.ts';
import { type DetectorSnapshot, detectorContext } from '../telemetry/flush.ts';
import { readDetectorStates } from '../telemetry/store.ts';
import type { Seal } from '../vault/seal.ts';
import { alarmOfRow, rowOfAlarm, type StoredAlarm } from './alarm-row.ts';
import { AlarmWriter } from './alarm-writer.ts';
import { readAlarms, readReturns } from './store.ts';

/** Alarms stay in the book this long after they were raised, for the lists of the last day. */
const KEPT_MS = 24 * 3_600_000;

/** A finding from the past is worth a call, but it is not happening now (safety S5). */
const LATE_AFTER_MS = 5 * 60_000;

export interface AlarmBookPorts {
  readonly sql: Sql;
  readonly seal: Seal;
  readonly registry: Registry;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

type Listener = (subjectId: SubjectId, alarm: AlarmView) => void;

export class AlarmBook {
  readonly #ports: AlarmBookPorts;
  readonly #evaluator: Evaluator;
  readonly #writer: AlarmWriter;
  readonly #alarms = new Map<string, StoredAlarm>();
  /** By subject and episode key: the alarm that was raised or changed last. */
  readonly #newest = new Map<string, string>();
  /** The breaches that returned to an alarm, under the ids they would have had, so that a replay knows them. */
  readonly #returns = new Map<string, string>();
  #listener: Listener = () => {};
  #provisional: { evaluator: Evaluator; seen: number; keys: Set<string> } | undefined;

  static async open(ports: AlarmBookPorts): Promise<AlarmBook> {
    const book = new AlarmBook(ports);
    for (const row of await readAlarms(ports.sql, ports.nowMs() - KEPT_MS)) {
      const alarm = alarmOfRow(row, ports.seal);
      book.#hold(alarm);
    }
    for (const row of await readReturns(ports.sql, ports.nowMs() - KEPT_MS)) {
      const sinceMs = Number(row.what.slice(RETURNED.length));
      book.#rememberReturn(row.subject_id, row.alarm_id, sinceMs);
    }
    for (const row of await readDetectorStates(ports.sql)) {
      const opened = ports.seal.open(row.sealed, detectorContext(row.subject_id));
      if (!opened.ok) continue;
      const snapshot = JSON.parse(new TextDecoder().decode(opened.value)) as SubjectSnapshot;
      book.#evaluator.remember(snapshot, ports.registry.seriesById);
    }
    return book;
  }

  private constructor(ports: AlarmBookPorts) {
    this.#ports = ports;
    this.#evaluator = new Evaluator((id) => ports.registry.subjects.get(id)?.category ?? 'unknown');
    this.#writer = new AlarmWriter(ports);
  }

  /** The one who shows alarms; set once, when the live sockets are there. */
  onChange(listener: Listener): void {
    this.#listener = listener;
  }

  get openCount(): number {
    let count = 0;
    for (const { view } of this.#alarms.values()) if (isOpen(view)) count += 1;
    return count;
  }

  openOf(subjectId: SubjectId): AlarmView[] {
    return this.all((view) => view.subjectId === subjectId && isOpen(view));
  }

  /** The most urgent first, then the newest. */
  all(wanted: (view: AlarmView, organisationId: OrganisationId) => boolean): AlarmView[] {
    return [...this.#alarms.values()]
      .filter(({ view, organisationId }) => wanted(view, organisationId))
      .map(({ view }) => view)
      .sort(
        (a, b) => priorityRank(a.priority) - priorityRank(b.priority) || b.raisedMs - a.raisedMs,
      );
  }

  limitsOf(subjectId: SubjectId): readonly LimitRule[] {
    return readyLimits(this.#ports.registry.subjects.get(subjectId)?.category ?? 'unknown');
  }

  evaluate(arrival: Arrival): void {
    for (const finding of this.#evaluator.evaluate(arrival)) this.#apply(finding, false);
  }

  /**
   * While the log is stalled, what has been accepted and is not yet durable is led through a copy of
   * the detectors: alarms are raised with the same ids, marked "not yet stored" (safety S3).
   */
  evaluateProvisionally(pending: readonly LogEntry[]): void {
    this.evaluateRefused(pending.slice(this.#provisional?.seen ?? 0));
    if (this.#provisional === undefined) return;
    const { evaluator } = this.#provisional;
    this.#provisional.seen = Math.max(this.#provisional.seen, pending.length);
    for (const finding of evaluator.silences(this.#ports.nowMs())) this.#apply(finding, true);
  }

  /** While intake is refusing, the acknowledgement is withheld and the alarm is not (safety S3). */
  evaluateRefused(entries: readonly LogEntry[]): void {
    this.#provisional ??= { evaluator: this.#evaluator.fork(), seen: 0, keys: new Set() };
    const { evaluator } = this.#provisional;
    consume(entries, {
      insertReading: () => 'new',
      insertRun: () => {},
      insertEvent: () => {},
      evaluate: (arrival) => {
        for (const finding of evaluator.evaluate(arrival)) this.#apply(finding, true);
      },
      onBroken: (entry, error) =>
        this.#ports.onProblem(`evaluate ${entry.kind} provisionally`, error),
    });
  }

  /** The store is back. What the log has not confirmed by now was true all the same: it is kept. */
  endProvisional(): void {
    const provisional = this.#provisional;
    if (provisional === undefined) return;
    this.#provisional = undefined;
    for (const key of provisional.keys) {
      const alarm = this.#alarms.get(key);
      if (alarm?.view.notYetStored) this.#put(withView(alarm, { notYetStored: false }), 'raised');
    }
  }

  #apply(finding: Finding, isProvisional: boolean): void {
    const subjectId = finding.series.subjectId;
    const key = this.#heldKey(subjectId, finding.alarmId);
    const known = this.#alarms.get(key);
    switch (finding.kind) {
      case 'raised':
      case 'passed':
        if (known !== undefined && known.view.id !== finding.alarmId) {
          this.#return(known, finding);
          return;
        }
        if (known !== undefined && (!known.view.notYetStored || isProvisional)) return;
        this.#provisional?.keys.add(key);
        this.#put(confirmed(known, raisedAlarm(finding, isProvisional)), finding.kind);
        break;
      case 'worsened':
        if (known !== undefined)
          this.#put(withView(known, { extremeValue: finding.value }), 'worsened');
        break;
      case 'risen':
        // A replay says it again: what has been seen since then stays seen.
        if (known === undefined || !isMoreUrgent(finding.priority, known.view.priority)) return;
        this.#put(risen(known, finding.priority), 'risen');
        break;
      case 'ended':
        if (known === undefined || isProvisional) return;
        this.#put(lived(known, 'condition-ended', finding.endedMs), 'ended');
        break;
      default:
        finding satisfies never;
    }
  }

  /**
   * A limit that is broken again while its alarm is still owed is the same alarm, back again: a device
   * that dances around a limit must not bury the ward in alarms that each want their own answer.
   */
  #heldKey(subjectId: SubjectId, alarmId: string): string {
    const key = keyOf(subjectId, alarmId);
    if (this.#alarms.has(key)) return key;
    const joined = this.#returns.get(key);
    if (joined !== undefined && this.#alarms.has(joined)) return joined;
    const held = this.#newest.get(keyOf(subjectId, episodeOf(alarmId)));
    const alarm = held === undefined ? undefined : this.#alarms.get(held);
    const isOwed = alarm?.view.episode === 'raised' || alarm?.view.condition === 'present';
    return held !== undefined && isOwed ? held : key;
  }

  /** A replay says it again: what a person has answered since then stays answered. */
  #return(known: StoredAlarm, finding: Extract<Finding, { kind: 'raised' | 'passed' }>): void {
    const { subjectId, id } = known.view;
    if (this.#returns.has(keyOf(subjectId, finding.alarmId))) return;
    this.#rememberReturn(subjectId, id, finding.sinceMs);
    this.#put(returned(known, finding), `${RETURNED}${finding.sinceMs}`);
  }

  #rememberReturn(subjectId: string, alarmId: string, sinceMs: number): void {
    const asItself = keyOf(subjectId, `${episodeOf(alarmId)}@${sinceMs}`);
    this.#returns.set(asItself, keyOf(subjectId, alarmId));
  }

  #hold(alarm: StoredAlarm): void {
    const { subjectId, id } = alarm.view;
    this.#alarms.set(keyOf(subjectId, id), alarm);
    this.#newest.set(keyOf(subjectId, episodeOf(id)), keyOf(subjectId, id));
  }

  #put(alarm: StoredAlarm, what: string): void {
    this.#hold(alarm);
    this.#listener(alarm.view.subjectId as SubjectId, alarm.view);
    if (alarm.view.notYetStored) return;
    const cause = what === 'ended' ? `ended@${alarm.view.conditionEndedMs}` : what;
    const row = rowOfAlarm(alarm, this.#ports.seal);
    this.#writer.write(row, { what, cause, atMs: this.#ports.nowMs() });
  }

  /** A person has seen it. Durable when it resolves; undefined when there is no such alarm. */
  async acknowledge(
    who: { accountId: AccountId; displayName: string; organisationId: OrganisationId },
    alarm: { subjectId: SubjectId; id: string },
  ): Promise<AlarmView | undefined> {
    const key = keyOf(alarm.subjectId, alarm.id);
    const known = this.#alarms.get(key);
    if (known === undefined || known.organisationId !== who.organisationId) return undefined;
    if (known.view.episode !== 'raised') return known.view;
    const nowMs = this.#ports.nowMs();
    const acknowledged = lived(known, 'acknowledged', nowMs);
    const seen = {
      ...withView(acknowledged, { acknowledgedMs: nowMs, acknowledgedBy: who.displayName }),
      acknowledgedById: who.accountId,
    };
    this.#put(seen, `acknowledged by ${who.accountId}`);
    await this.#writer.settle();
    return seen.view;
  }

  /** Resolves when all that was raised so far is durable. */
  settle(): Promise<void> {
    return this.#writer.settle();
  }

  snapshot(): DetectorSnapshot[] {
    return this.#evaluator.snapshot().map(({ subjectId, series, snapshot }) => ({
      organisationId: series.organisationId,
      partition: series.partition,
      subjectId,
      state: snapshot,
    }));
  }

  /**
   * Raises what has been silent for too long, as of a moment up to which everything received has been
   * consumed: a later one would take a stalled log for a silent device.
   */
  lookForSilence(consumedUntilMs: number): void {
    for (const finding of this.#evaluator.silences(consumedUntilMs)) this.#apply(finding, false);
    this.#forgetOld();
  }

  #forgetOld(): void {
    const beforeMs = this.#ports.nowMs() - KEPT_MS;
    for (const [key, { view }] of this.#alarms) {
      if (!isOpen(view) && view.raisedMs < beforeMs) this.#alarms.delete(key);
    }
    for (const [asItself, key] of this.#returns) {
      if (!this.#alarms.has(key)) this.#returns.delete(asItself);
    }
  }
}

/** What a transition is called by which a breach returned to an owed alarm, before its opening time. */
const RETURNED = 'returned@';

/** The rule and direction that an alarm id begins with. */
const episodeOf = (alarmId: string): string => alarmId.slice(0, alarmId.lastIndexOf('@'));

const keyOf = (subjectId: string, alarmId: string): string => `${subjectId}/${alarmId}`;

/** Still concerns somebody: not resolved, or its condition is present. */
export function isOpen(view: AlarmView): boolean {
  return view.episode !== 'resolved' || view.condition === 'present';
}

function raisedAlarm(
  finding: Extract<Finding, { kind: 'raised' | 'passed' }>,
  notYetStored: boolean,
): StoredAlarm {
  const { alarmId, series, rule, sinceMs, atMs } = finding;
  const isLate = atMs - sinceMs > LATE_AFTER_MS && finding.kind === 'passed';
  const view: AlarmView = {
    id: alarmId,
    subjectId: series.subjectId,
    ruleKey: rule.key,
    metric: series.metric.key,
    // "Happened 40 min ago, now unknown" is a call, not a crash: medium at least (S5).
    priority: isLate ? 'medium' : finding.priority,
    condition: finding.kind === 'passed' ? 'absent' : 'present',
    episode: 'raised',
    direction: rule.direction,
    limit: rule.limit,
    unit: metricByKey(series.metric.key)?.unit ?? '',
    openingValue: finding.openingValue,
    extremeValue: finding.value,
    openedMs: sinceMs,
    raisedMs: atMs,
    conditionEndedMs: finding.kind === 'passed' ? sinceMs : null,
    acknowledgedMs: null,
    acknowledgedBy: null,
    notYetStored,
  };
  const { organisationId } = series;
  return { organisationId, view, acknowledgedById: undefined, resolvedMs: undefined };
}

/** Stored at last: what a person did to it meanwhile stands. */
function confirmed(provisional: StoredAlarm | undefined, alarm: StoredAlarm): StoredAlarm {
  if (provisional === undefined) return alarm;
  const { episode, acknowledgedMs, acknowledgedBy } = provisional.view;
  const { acknowledgedById } = provisional;
  return { ...withView(alarm, { episode, acknowledgedMs, acknowledgedBy }), acknowledgedById };
}

function isMoreUrgent(priority: AlarmPriority, than: AlarmPriority): boolean {
  return priorityRank(priority) < priorityRank(than);
}

/** Back before anybody has answered: the condition is present again, and may have gone further. */
function returned(
  alarm: StoredAlarm,
  finding: Extract<Finding, { kind: 'raised' | 'passed' }>,
): StoredAlarm {
  const { direction, extremeValue, priority } = alarm.view;
  const furthest = direction === 'high' ? Math.max : Math.min;
  const change = {
    extremeValue: furthest(extremeValue, finding.value),
    priority: isMoreUrgent(finding.priority, priority) ? finding.priority : priority,
  };
  // A breach in the past says nothing of now.
  if (finding.kind === 'passed') return withView(alarm, change);
  return withView(alarm, { ...change, condition: 'present', conditionEndedMs: null });
}

function withView(alarm: StoredAlarm, change: Partial<AlarmView>): StoredAlarm {
  return { ...alarm, view: { ...alarm.view, ...change } };
}

/** More urgent than when it was seen: it has to be seen again. */
function risen(alarm: StoredAlarm, priority: AlarmPriority): StoredAlarm {
  return withView(alarm, {
    priority,
    episode: 'raised',
    acknowledgedMs: null,
    acknowledgedBy: null,
  });
}

function lived(alarm: StoredAlarm, event: AlarmEvent, atMs: number): StoredAlarm {
  const { priority, condition, episode } = alarm.view;
  const life = afterEvent({ priority, condition, episode }, event);
  const endedMs = alarm.view.conditionEndedMs;
  const conditionEndedMs = event === 'condition-ended' ? Math.max(endedMs ?? atMs, atMs) : endedMs;
  const resolvedMs = life.episode === 'resolved' ? (alarm.resolvedMs ?? atMs) : undefined;
  const view = {
    ...alarm.view,
    condition: life.condition,
    episode: life.episode,
    conditionEndedMs,
  };
  return { ...alarm, view, resolvedMs };
}
