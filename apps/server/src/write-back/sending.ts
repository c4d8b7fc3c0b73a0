/**
 * Sends to one destination: one patient's day after the other, the oldest first, until each is taken. While
 * it is away everything waits; what it will not take as it is stands aside, visibly, and the rest goes on.
 */
import type { UnmatchedReason } from '@ausculta/contract/write-back';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Identifier, Observation } from '@medplum/fhirtypes';
import type { InLane, Sql } from '../database/pool.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { Ledger } from '../disclosures/ledger.ts';
import type { LegalHolds } from '../erasure/holds.ts';
import { appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { ChangedDays } from './changed-days.ts';
import {
  type DayPorts,
  newsIn,
  type Said,
  type Sent,
  sayingsOf,
  TooManyValues,
} from './day-of-patient.ts';
import { summaryDisclosed } from './disclosures.ts';
import { type OptIn, type OptIns, unmatchedLastsMs } from './opt-ins.ts';
import { type Away, Pace } from './pace.ts';
import { matchOf, numberFor } from './patient-match.ts';
import type { RemoteRecord } from './remote-record.ts';
import type { Destination } from './settings.ts';
import * as store from './store.ts';

export interface SendingPorts extends DayPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  readonly registry: Pick<Registry, 'subjects' | 'moves' | 'seriesOfSubject'>;
  readonly holds: Pick<LegalHolds, 'of'>;
  readonly ledger: Pick<Ledger, 'enter'>;
  /** Of the Patient as it is told by FHIR. */
  readonly identifiersOf: (subject: RegisteredSubject) => Promise<readonly Identifier[]>;
  /** The record that goes on for this one, if they were merged. */
  readonly mergedInto: (subjectId: SubjectId) => SubjectId | undefined;
  readonly optIns: OptIns;
  readonly changed: Pick<ChangedDays, 'taken'>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly onProblem: (what: string, error: unknown) => void;
}

const DAYS_AT_ONCE = 50;
/** Who somebody is there is asked again so often: records are merged there too. */
const MATCH_LASTS_MS = 24 * 3_600_000;
const HELD_AGAIN_MS = 10 * 60_000;
const MOVING_AGAIN_MS = 2_000;

export const sentContext = (row: store.DayKey & { readonly metric: string }): string =>
  `write-back-sent/${row.subject_id}/${row.destination}/${row.day}/${row.metric}`;

/** What has become of a day: its Bundle was answered, or nothing was sent and why; or everybody waits. */
type Turn = 'answered' | 'settled' | 'later' | Away;

export class Sending {
  readonly #ports: SendingPorts;
  readonly destination: Destination;
  readonly remote: RemoteRecord;
  readonly pace: Pace;
  /** As whom they were looked for: whoever is corrected has another identity, and is looked for anew. */
  readonly #asked = new WeakSet<RegisteredSubject['identity']>();
  /** Whom we were not permitted to look for, since we last were. */
  readonly #notPermittedFor = new Set<SubjectId>();
  #running: Promise<void> | undefined;
  #inHand: { readonly subjectId: SubjectId; readonly done: Promise<void> } | undefined;
  #isClosed = false;

  constructor(destination: Destination, remote: RemoteRecord, ports: SendingPorts) {
    this.destination = destination;
    this.remote = remote;
    this.#ports = ports;
    this.pace = new Pace(ports);
    for (const { subjectId } of ports.optIns.of(destination.name)) {
      const subject = ports.registry.subjects.get(subjectId);
      if (subject !== undefined) this.#asked.add(subject.identity);
    }
  }

  /** Looks for what is due; one round at a time. */
  tick(): void {
    if (this.#running !== undefined || this.#isClosed || !this.pace.isDue) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        // Ours, such as a database that is away: the destination has no part in it.
        this.pace.wait();
        if (!this.#isClosed) this.#ports.onProblem('send summaries', error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when nothing of this patient is on its way there. */
  async settled(subjectId: SubjectId): Promise<void> {
    if (this.#inHand?.subjectId === subjectId) await this.#inHand.done;
  }

  async #inHandOf(row: store.DayRow, turn: Promise<Turn>): Promise<Turn> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#inHand = { subjectId: row.subject_id, done };
    try {
      return await turn;
    } finally {
      this.#inHand = undefined;
      resolve();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { sql, nowMs } = this.#ports;
    const { name: destination } = this.destination;
    await this.#lookForNew();
    while (!this.#isClosed && this.pace.isDue) {
      const asked = { destination, nowMs: nowMs(), limit: DAYS_AT_ONCE };
      const rows = await store.dueDays(sql, asked);
      const isThere = await this.#sendAll(rows);
      if (!isThere || rows.length < DAYS_AT_ONCE) return;
    }
  }

  /** False: nothing more can be sent there now. */
  async #sendAll(rows: readonly store.DayRow[]): Promise<boolean> {
    const turnedAway: { readonly row: store.DayRow; readonly why: Away }[] = [];
    let isThere = false;
    for (const row of rows) {
      if (this.#isClosed) return false;
      const turn = await this.#inHandOf(row, this.#send(row));
      isThere ||= turn === 'answered';
      if (typeof turn === 'string') continue;
      if (!turn.mayBeOfOne) {
        this.pace.away(turn);
        return false;
      }
      turnedAway.push({ row, why: turn });
      const patients = new Set(turnedAway.map((one) => one.row.subject_id));
      if (!isThere && patients.size > 1) break;
    }
    return await this.#stepAside(turnedAway, isThere);
  }

  /** Where others were taken it is of these days alone; else they let others go first when it is asked again. */
  async #stepAside(
    turnedAway: readonly { readonly row: store.DayRow; readonly why: Away }[],
    isThere: boolean,
  ): Promise<boolean> {
    for (const { row, why } of turnedAway) {
      if (isThere) await this.#refused(row, why.reason);
      else await this.#failed({ ...row, failures: row.failures + 1 }, why.reason);
    }
    const [first] = turnedAway;
    if (isThere || first === undefined) return true;
    this.pace.away(first.why);
    return false;
  }

  /** Who has just been put on the list, or was corrected, is looked for at once: it is seen if nobody is found. */
  async #lookForNew(): Promise<void> {
    for (const optIn of [...this.#ports.optIns.of(this.destination.name)]) {
      const subject = this.#ports.registry.subjects.get(optIn.subjectId);
      const isHeld = this.#ports.holds.of(optIn.subjectId).length > 0;
      if (subject === undefined || isHeld || this.#isClosed) continue;
      if (!this.#ports.isOpenTo(optIn)) continue;
      if (optIn.state === 'withdrawn' || !this.#isNew(optIn, subject)) continue;
      const trouble = await this.#look(optIn, subject);
      if (trouble !== undefined) return this.pace.away(trouble);
    }
  }

  #isNew({ state }: OptIn, { identity }: RegisteredSubject): boolean {
    return state === 'looking' || !this.#asked.has(identity);
  }

  async #send(row: store.DayRow): Promise<Turn> {
    const { optIns, registry, holds, sql, nowMs, isOpenTo } = this.#ports;
    const key = { subjectId: row.subject_id, destination: row.destination };
    const subject = registry.subjects.get(row.subject_id);
    const optIn = optIns.get(row.subject_id, row.destination);
    if (subject === undefined || optIn === undefined || optIn.state === 'withdrawn') {
      await store.deleteDays(sql, key);
      return 'settled';
    }
    // Whatever made it due, such as another zone than when it was noted: half a day is told to nobody.
    const untilMs = optIn.days.spanOf(row.day).untilMs + this.destination.afterMs - nowMs();
    if (untilMs > 0) return await this.#later(row, 'day-not-over', untilMs);
    if (holds.of(subject.id).length > 0) return await this.#later(row, 'legal-hold', HELD_AGAIN_MS);
    if (!isOpenTo(optIn)) return await this.#later(row, 'kept-back', HELD_AGAIN_MS);
    if (registry.moves.concerns(subject.id))
      return await this.#later(row, 'readings-moving', MOVING_AGAIN_MS);
    const sinceMs = nowMs() - (optIn.lookedMs ?? Number.NEGATIVE_INFINITY);
    const lastsMs = optIn.state === 'found' ? MATCH_LASTS_MS : unmatchedLastsMs(optIn);
    const isFresh = !this.#isNew(optIn, subject) && sinceMs < lastsMs;
    const trouble = isFresh ? undefined : await this.#look(optIn, subject);
    if (trouble !== undefined) return trouble;
    // Somebody may have decided otherwise while the other server was asked: then its turn comes again.
    const known = optIns.get(row.subject_id, row.destination);
    if (known?.state === 'unmatched')
      return await this.#later(row, 'patient-not-matched', unmatchedLastsMs(known));
    if (known?.state !== 'found' || known.patient === undefined) return 'later';
    return await this.#sendDay(row, { subject, optIn: known, patient: known.patient });
  }

  /** Finds out who it is there, and notes it, unless it cannot be asked now. */
  async #look(optIn: OptIn, subject: RegisteredSubject): Promise<Away | undefined> {
    const { identifiersOf, nowMs } = this.#ports;
    const identifiers = await identifiersOf(subject);
    const { recordNumber, birthDate } = subject.identity;
    const number = numberFor(this.destination, { recordNumber, identifiers });
    if (!number.ok) return await this.#unmatched(optIn, subject, number.reason);
    const found = await this.remote.patients(number.value);
    if (found.kind === 'away' && found.mayBeOfOne)
      return await this.#notPermitted(optIn, subject, found);
    if (found.kind === 'away') return found;
    this.#notPermittedFor.clear();
    this.pace.reached();
    if (found.kind !== 'told') return await this.#unmatched(optIn, subject, 'not-answered-there');
    const match = matchOf(found.value, { birthDate });
    if (!match.ok) return await this.#unmatched(optIn, subject, match.reason);
    const patient = match.value;
    const known = { state: 'found', reason: undefined, lookedMs: nowMs(), patient } as const;
    await this.#note(optIn, { ...optIn, ...known });
    this.#asked.add(subject.identity);
    return undefined;
  }

  /** One whom we may not look for stands aside; two of them, and none between, and it is our right to look. */
  async #notPermitted(
    optIn: OptIn,
    subject: RegisteredSubject,
    answer: Away,
  ): Promise<Away | undefined> {
    this.#notPermittedFor.add(subject.id);
    await this.#unmatched(optIn, subject, 'not-permitted-there');
    return this.#notPermittedFor.size > 1 ? { ...answer, mayBeOfOne: false } : undefined;
  }

  async #unmatched(
    optIn: OptIn,
    { identity }: RegisteredSubject,
    reason: UnmatchedReason,
  ): Promise<undefined> {
    const known = { state: 'unmatched', reason, lookedMs: this.#ports.nowMs() } as const;
    // Who it was there is kept: what lies in that record is to be told of the next one.
    await this.#note(optIn, { ...optIn, ...known });
    this.#asked.add(identity);
  }

  /** Whoever is somebody else there by now: all that was sent is told of that record. */
  async #note(asked: OptIn, found: OptIn): Promise<void> {
    const { optIns, nowMs } = this.#ports;
    const { subjectId, destination, organisationId } = found;
    const of = { subjectId, destination: destination.name };
    const isOther = asked.patient !== undefined && asked.patient !== found.patient;
    const isStill = (now: OptIn | undefined) => (now === asked ? found : undefined);
    await optIns.change(of, isStill, {
      beside: async (tx) => {
        await store.hastenDays(tx, { ...of, nowMs: nowMs() });
        const settled = isOther ? await store.settledDays(tx, of) : [];
        const due = { since_ms: nowMs(), due_ms: nowMs(), organisation_id: organisationId };
        const key = { subject_id: subjectId, destination: destination.name };
        await store.markDays(
          tx,
          settled.map((day) => ({ ...due, ...key, day })),
        );
      },
    });
  }

  async #sendDay(
    row: store.DayRow,
    of: { readonly subject: RegisteredSubject; readonly optIn: OptIn; readonly patient: string },
  ): Promise<Turn> {
    const { changed, onProblem } = this.#ports;
    changed.taken(of.optIn, row.day);
    let news: Said[];
    try {
      const sent = await this.sentOf(row);
      news = newsIn(await sayingsOf(this.#ports, { ...of, day: row.day }, sent), sent);
    } catch (error) {
      if (!(error instanceof TooManyValues)) throw error;
      onProblem('summarise a day', error);
      return await this.#refused(row, 'too many different values');
    }
    if (news.length === 0) {
      await this.#settle(row, []);
      return 'settled';
    }
    const isTakenBack = news.some(({ observation }) => observation.status === 'entered-in-error');
    if (isTakenBack && this.#goesOnUnsent(of.optIn))
      return await this.#refused(row, 'merged into a record that is not sent there');
    if (!this.#maySend(of.optIn)) return 'later';
    const outcome = await this.remote.send(news.map(({ observation }) => observation));
    if (outcome.kind !== 'away') this.pace.reached();
    switch (outcome.kind) {
      case 'taken':
        await this.#ports.ledger.enter([summaryDisclosed(of.optIn, row.day)]);
        await this.#settle(row, news);
        return 'answered';
      case 'away':
        return outcome;
      case 'failed':
        await this.#failed(row, outcome.reason);
        return 'answered';
      case 'refused':
        await this.#refused(row, outcome.reason);
        return 'answered';
      default:
        return outcome satisfies never;
    }
  }

  /** The readings are those of the same person still: what was said is right until the other record says it. */
  #goesOnUnsent({ subjectId, destination }: OptIn): boolean {
    const { mergedInto, optIns } = this.#ports;
    const into = mergedInto(subjectId);
    if (into === undefined) return false;
    const state = optIns.get(into, destination.name)?.state ?? 'withdrawn';
    return state === 'withdrawn';
  }

  /** As it was decided when the day was summarised. */
  #maySend(optIn: OptIn): boolean {
    const { optIns, holds } = this.#ports;
    const { subjectId, destination } = optIn;
    return optIns.get(subjectId, destination.name) === optIn && holds.of(subjectId).length === 0;
  }

  /** What was sent of a day; what does not open is as if it had never been sent. */
  async sentOf(key: store.DayKey): Promise<Sent[]> {
    const { sql, keys } = this.#ports;
    const rows = await store.readSentOfDay(sql, key);
    return rows.flatMap((row): Sent[] => {
      const opened = keys.sealOf(row.subject_id)?.open(row.sealed, sentContext(row));
      if (opened?.ok !== true) return [];
      const observation = JSON.parse(new TextDecoder().decode(opened.value)) as Observation;
      return [{ metric: row.metric, observation, isDoubted: row.is_doubted }];
    });
  }

  /** In one transaction: that it was taken, to whom it was disclosed, and that nothing of it waits. */
  async #settle(row: store.DayRow, news: readonly Said[]): Promise<void> {
    const { inLane, keys, nowMs } = this.#ports;
    const { subject_id, destination, day, organisation_id, revision } = row;
    const atMs = nowMs();
    const seal = keys.sealOf(subject_id);
    await inLane(async (tx) => {
      const laterMs = atMs + this.destination.quietMs;
      await store.settleDay(tx, { subject_id, destination, day, revision, laterMs });
      if (news.length === 0) return;
      const withdrawn = news.filter(({ observation }) => observation.status === 'entered-in-error');
      const value = {
        ...{ destination, day },
        metrics: news.filter((one) => !withdrawn.includes(one)).map(({ metric }) => metric),
        withdrawn: withdrawn.map(({ metric }) => metric),
      };
      await appendAudit(tx, {
        ...{ organisationId: organisation_id, actor: undefined, act: 'summary-sent', atMs },
        target: `subject/${subject_id}`,
        ...(seal && { detail: { seal, value } }),
      });
      if (seal === undefined) return;
      const rows = news.map(({ metric, observation }) => {
        const key = { subject_id, destination, day, metric };
        const clear = new TextEncoder().encode(JSON.stringify(observation));
        const sealed = seal.seal(clear, sentContext(key));
        return { organisation_id, ...key, sent_ms: atMs, is_doubted: false, sealed };
      });
      await store.writeSent(tx, rows);
    });
  }

  async #later(row: store.DayRow, reason: string, afterMs: number): Promise<Turn> {
    const dueMs = this.#ports.nowMs() + afterMs;
    const { failures } = row;
    await store.postponeDay(this.#ports.sql, { ...row, dueMs, failures, reason });
    return 'later';
  }

  async #failed(row: store.DayRow, reason: string): Promise<Turn> {
    const dueMs = this.pace.againMs(row.failures);
    await store.postponeDay(this.#ports.sql, { ...row, dueMs, failures: row.failures + 1, reason });
    return 'later';
  }

  async #refused(row: store.DayRow, reason: string): Promise<Turn> {
    await store.refuseDay(this.#ports.sql, { ...row, reason });
    return 'later';
  }
}
