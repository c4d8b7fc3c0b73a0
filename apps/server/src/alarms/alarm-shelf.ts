/**
 * The alarms that still concern somebody, in memory, under the names that findings call them by. A
 * limit that is broken again while its alarm is still owed is the same alarm, back again: a device
 * that dances around a limit must not bury the ward in alarms that each want their own answer. Under
 * which name it came back is remembered, so that a replay finds what it made before.
 */
import type { AlarmView } from '@ausculta/contract/alarms';
import type { Finding } from '../line/finding.ts';
import { isOpen, type RaisedFinding } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';

/** What a transition is called by which a condition came back to an owed alarm, before its time. */
const RETURNED = 'returned@';
/** The same of a breach that was over when it arrived (safety S5). */
const PASSED = 'passed@';

/** A late breach is told once a minute that it lasted, however many readings it has. */
const PASSED_WITHIN_MS = 60_000;

const keyOf = (subjectId: string, alarmId: string): string => `${subjectId}/${alarmId}`;

/** The rule and direction that an alarm id begins with. */
const episodeOf = (alarmId: string): string => alarmId.slice(0, alarmId.lastIndexOf('@'));

export class AlarmShelf {
  readonly #alarms = new Map<string, StoredAlarm>();
  /** Of each subject those that are open, by key: asked before whatever somebody does. */
  readonly #open = new Map<string, Map<string, StoredAlarm>>();
  /** By subject and episode key: the alarm that was raised or changed last. */
  readonly #newest = new Map<string, string>();
  /** By the names that conditions would have had that came back: the alarm they came back to. */
  readonly #returns = new Map<string, string>();

  all(): Iterable<StoredAlarm> {
    return this.#alarms.values();
  }

  *openOf(subjectId: string): Iterable<StoredAlarm> {
    yield* this.#open.get(subjectId)?.values() ?? [];
  }

  get(subjectId: string, alarmId: string): StoredAlarm | undefined {
    return this.#alarms.get(keyOf(subjectId, alarmId));
  }

  hold(alarm: StoredAlarm): void {
    const { subjectId, id, openedMs, conditionEndedMs } = alarm.view;
    const key = keyOf(subjectId, id);
    this.#set(key, alarm);
    this.#newest.set(keyOf(subjectId, episodeOf(id)), key);
    if (conditionEndedMs === openedMs) this.#returns.set(passedKey(subjectId, id, openedMs), key);
  }

  /** The same alarm with more known of it: it is no newer by it. */
  amend(alarm: StoredAlarm): void {
    const key = keyOf(alarm.view.subjectId, alarm.view.id);
    if (this.#alarms.has(key)) this.#set(key, alarm);
  }

  #set(key: string, alarm: StoredAlarm): void {
    this.#alarms.set(key, alarm);
    const { subjectId } = alarm.view;
    const open = this.#open.get(subjectId) ?? new Map<string, StoredAlarm>();
    if (isOpen(alarm.view)) this.#open.set(subjectId, open.set(key, alarm));
    else this.#close(subjectId, key);
  }

  #close(subjectId: string, key: string): void {
    const open = this.#open.get(subjectId);
    open?.delete(key);
    if (open?.size === 0) this.#open.delete(subjectId);
  }

  /** Whether no later alarm tells of the same condition. */
  isNewest({ view: { subjectId, id } }: StoredAlarm): boolean {
    return this.#newest.get(keyOf(subjectId, episodeOf(id))) === keyOf(subjectId, id);
  }

  /** The last that was raised, or changed, under the name of an episode. */
  newestOf(subjectId: string, episode: string): StoredAlarm | undefined {
    const newest = this.#newest.get(keyOf(subjectId, episode));
    return newest === undefined ? undefined : this.#alarms.get(newest);
  }

  /** The alarm that a finding is about: its own, the one it came back to, or one that is still owed. */
  find(finding: Finding): StoredAlarm | undefined {
    const { subjectId } = finding.series;
    const known = this.#alarms.get(keyOf(subjectId, finding.alarmId)) ?? this.#joined(finding);
    if (known !== undefined) return known;
    const alarm = this.lastLike(finding);
    if (alarm === undefined) return undefined;
    return alarm.view.episode === 'raised' || alarm.view.condition !== 'absent' ? alarm : undefined;
  }

  /** The last alarm of the same condition, whatever has become of it. */
  lastLike(finding: Finding): StoredAlarm | undefined {
    return this.newestOf(finding.series.subjectId, episodeOf(finding.alarmId));
  }

  #joined(finding: Finding): StoredAlarm | undefined {
    const key = this.#returns.get(returnKey(finding));
    return key === undefined ? undefined : this.#alarms.get(key);
  }

  /** Whether this very return has been told before, by the log or by its replay. */
  hasReturned(finding: RaisedFinding): boolean {
    return this.#returns.has(returnKey(finding));
  }

  /** Remembers that the condition came back to this alarm; answers what the transition is called. */
  noteReturn({ subjectId, id }: AlarmView, finding: RaisedFinding): string {
    this.#returns.set(returnKey(finding), keyOf(subjectId, id));
    return `${finding.kind === 'passed' ? PASSED : RETURNED}${finding.sinceMs}`;
  }

  /** A return as it was written down. */
  recallReturn(row: { subject_id: string; alarm_id: string; what: string }): void {
    const { subject_id: subjectId, alarm_id: alarmId, what } = row;
    const sinceMs = Number(what.slice(what.indexOf('@') + 1));
    const asItself = what.startsWith(PASSED)
      ? passedKey(subjectId, alarmId, sinceMs)
      : keyOf(subjectId, `${episodeOf(alarmId)}@${sinceMs}`);
    this.#returns.set(asItself, keyOf(subjectId, alarmId));
  }

  forgetSettledBefore(beforeMs: number): void {
    this.#forget(({ view }) => !isOpen(view) && view.raisedMs < beforeMs);
  }

  /** Erased. */
  forgetSubject(subjectId: string): void {
    this.#forget(({ view }) => view.subjectId === subjectId);
  }

  #forget(isGone: (alarm: StoredAlarm) => boolean): void {
    for (const [key, alarm] of this.#alarms) {
      if (!isGone(alarm)) continue;
      this.#alarms.delete(key);
      this.#close(alarm.view.subjectId, key);
    }
    for (const [asItself, key] of this.#returns) {
      if (!this.#alarms.has(key)) this.#returns.delete(asItself);
    }
    for (const [episode, key] of this.#newest) {
      if (!this.#alarms.has(key)) this.#newest.delete(episode);
    }
  }
}

function returnKey(finding: Finding): string {
  const { subjectId } = finding.series;
  return finding.kind === 'passed'
    ? passedKey(subjectId, finding.alarmId, finding.sinceMs)
    : keyOf(subjectId, finding.alarmId);
}

function passedKey(subjectId: string, alarmId: string, sinceMs: number): string {
  const minute = Math.floor(sinceMs / PASSED_WITHIN_MS);
  return keyOf(subjectId, `${episodeOf(alarmId)}@${PASSED}${minute}`);
}
