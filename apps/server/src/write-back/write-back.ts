/**
 * Write-back: daily summaries of those who were opted in, in the records of others. What has changed marks a
 * day; a day is summarised when it is sent, and what is sent is remembered, so that only news are sent.
 */
import type {
  WriteBackOfSubject,
  WriteBackOrder,
  WriteBackStatus,
} from '@ausculta/contract/write-back';
import { isCalendarDay, localDays } from '@ausculta/fhir/local-day';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Actor } from '../erasure/holds.ts';
import type { Arrival } from '../line/consume.ts';
import type { Part } from '../status/routes.ts';
import { ChangedDays } from './changed-days.ts';
import { disclosuresOf } from './disclosures.ts';
import { type OptIn, OptIns } from './opt-ins.ts';
import { Reconciliation, type ReconciliationPorts } from './reconciliation.ts';
import type { RemoteRecord } from './remote-record.ts';
import { Sending } from './sending.ts';
import type { Destination } from './settings.ts';
import * as store from './store.ts';

export interface WriteBackPorts
  extends Omit<
    ReconciliationPorts,
    'optIns' | 'changed' | 'telemetry' | 'holds' | 'identifiersOf' | 'mergedInto' | 'isOpenTo'
  > {
  readonly destinations: readonly Destination[];
  readonly remoteOf: (destination: Destination) => RemoteRecord;
  readonly keys: ReconciliationPorts['keys'] & {
    readonly isShredded: (subjectId: string) => boolean;
  };
}

/** What is opened after it: from here on something is sent. */
export type SendingBegins = Pick<
  ReconciliationPorts,
  'telemetry' | 'holds' | 'identifiersOf' | 'mergedInto' | 'isOpenTo'
>;

/** So much of the past can be asked for at once. */
const FROM_AT_MOST_MS = 3 * 366 * 24 * 3_600_000;
/** How many were refused is looked for so often, for the status of the server. */
const LOOK_MS = 60_000;

export class WriteBack {
  readonly #ports: WriteBackPorts;
  readonly #optIns: OptIns;
  readonly #changed: ChangedDays;
  #begun: ReconciliationPorts | undefined;
  #sendings: readonly Sending[] = [];
  readonly #reconciliations = new Map<string, Reconciliation>();
  #refused: ReadonlyMap<string, number> = new Map();
  #lookedMs = Number.NEGATIVE_INFINITY;

  static async open(ports: WriteBackPorts): Promise<WriteBack> {
    return new WriteBack(ports, await OptIns.open(ports));
  }

  private constructor(ports: WriteBackPorts, optIns: OptIns) {
    this.#ports = ports;
    this.#optIns = optIns;
    this.#changed = new ChangedDays({ ...ports, optIns });
  }

  begin(later: SendingBegins): void {
    const ports = { ...this.#ports, ...later, optIns: this.#optIns, changed: this.#changed };
    this.#begun = ports;
    const { destinations, remoteOf } = this.#ports;
    this.#sendings = destinations.map((one) => new Sending(one, remoteOf(one), ports));
  }

  watchReading(arrival: Arrival): void {
    try {
      this.#changed.watch(arrival);
    } catch (error) {
      // The fold over the log goes on whatever becomes of a summary: it raises the alarms.
      this.#ports.onProblem('mark a day that has changed', error);
    }
  }

  /** Resolves when all days that were seen to change so far are durable. */
  settle(): Promise<void> {
    return this.#changed.settle();
  }

  /** Readings of a span have gone from one record to another. Durable on return. */
  moved(
    subjectIds: readonly SubjectId[],
    span: { readonly fromMs: number; readonly untilMs: number },
  ): Promise<void> {
    return this.#changed.moved(subjectIds, span);
  }

  /** Now and then. */
  tick(): void {
    for (const sending of this.#sendings) sending.tick();
    const { sql, nowMs, onProblem } = this.#ports;
    if (this.#sendings.length === 0 || nowMs() - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs();
    store.countRefused(sql).then(
      (rows) => {
        this.#refused = new Map(rows.map(({ destination, days }) => [destination, days]));
      },
      (error: unknown) => onProblem('count what was refused', error),
    );
  }

  /** Erased: nothing more is sent; resolves when nothing of theirs is on its way. */
  async forget(subjectId: SubjectId): Promise<void> {
    await this.#optIns.forget(subjectId);
    await this.#changed.forget(subjectId);
    for (const sending of this.#sendings) await sending.settled(subjectId);
  }

  /** From now on, or from a day of the past, summaries are sent. */
  async optIn(
    who: Actor,
    subject: RegisteredSubject,
    { name, order }: { readonly name: string; readonly order: WriteBackOrder },
  ): Promise<Result<void>> {
    const { sql, nowMs } = this.#ports;
    const destination = this.#ports.destinations.find((one) => one.name === name);
    if (destination === undefined) return fail('NOT_FOUND', 'no such destination');
    const refused = await this.#whyNotThere(who, destination);
    if (refused !== undefined) return refused;
    if (subject.kind !== 'patient') return fail('PAYLOAD_MALFORMED', 'only a patient has a record');
    const days = localDays(order.zone ?? destination.zone);
    if (days === undefined) return fail('PAYLOAD_MALFORMED', 'zone: there is no such time zone');
    const today = days.dayOf(nowMs());
    const from = order.from ?? today;
    const isDay = isCalendarDay(from) && from <= today;
    if (!isDay || from < days.dayOf(nowMs() - FROM_AT_MOST_MS))
      return fail('PAYLOAD_MALFORMED', 'from: a day of the last three years, today at most');
    const optIn: OptIn = {
      ...{ organisationId: subject.organisationId, subjectId: subject.id, destination },
      ...{ state: 'looking', reason: undefined, lookedMs: undefined, days, from },
      patient: undefined,
    };
    // A zone that is another than before makes other days of what was sent.
    const known = await store.settledDays(sql, { subjectId: subject.id, destination: name });
    const span = { fromMs: days.spanOf(from).fromMs, untilMs: Number.POSITIVE_INFINITY };
    const again = known.map((day) => this.#changed.rowOf(optIn, day));
    const rows = [...this.#changed.rowsOf(optIn, span), ...again];
    const byDay = new Map(rows.map((row) => [row.day, row]));
    await this.#optIns.change(
      { subjectId: subject.id, destination: name },
      (now) => ({ ...optIn, patient: now?.patient }),
      {
        decision: { what: 'write-back-begun', accountId: who.accountId },
        beside: (tx) => store.markDays(tx, [...byDay.values()]),
      },
    );
    return ok(undefined);
  }

  /** From now on nothing is sent; what was sent stays where it is. */
  async withdraw(who: Actor, subjectId: SubjectId, name: string): Promise<Result<void>> {
    const of = { subjectId, destination: name };
    if (this.#optIns.get(subjectId, name) === undefined) return fail('NOT_FOUND', 'not sent there');
    await this.#optIns.change(
      of,
      (now) => now && { ...now, state: 'withdrawn', reason: undefined },
      {
        decision: { what: 'write-back-ended', accountId: who.accountId },
        beside: (tx) => store.deleteDays(tx, of),
      },
    );
    for (const sending of this.#sendings) await sending.settled(subjectId);
    return ok(undefined);
  }

  async #whyNotThere(
    { organisationId }: Actor,
    { organisation }: Destination,
  ): Promise<Result<void> | undefined> {
    if (organisation === organisationId) return undefined;
    const isOnly =
      organisation === undefined && (await store.countOrganisations(this.#ports.sql)) === 1;
    return isOnly ? undefined : fail('NOT_FOUND', 'no such destination of this organisation');
  }

  /** Everything that was refused, and who was not found, is tried again; answers how many days. */
  async retry(organisationId: OrganisationId, name: string): Promise<number | undefined> {
    const sending = this.#sendingTo(organisationId, name);
    if (sending === undefined) return undefined;
    const { sql, nowMs } = this.#ports;
    const days = await store.retryRefused(sql, {
      organisationId,
      destination: name,
      nowMs: nowMs(),
    });
    for (const { subjectId, ...optIn } of [...this.#optIns.of(name)]) {
      if (optIn.organisationId !== organisationId || optIn.state !== 'unmatched') continue;
      await this.#optIns.change({ subjectId, destination: name }, (now) =>
        now?.state === 'unmatched' ? { ...now, state: 'looking', lookedMs: undefined } : undefined,
      );
    }
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    sending.pace.hasten();
    return days;
  }

  /** One at a time; one that is under way is not begun again. Undefined: no such destination. */
  reconcile(
    organisationId: OrganisationId,
    { name, send }: { readonly name: string; readonly send: boolean },
  ): boolean | undefined {
    const sending = this.#sendingTo(organisationId, name);
    if (sending === undefined || this.#begun === undefined) return undefined;
    if (this.#reconciliations.get(name)?.isRunning === true) return false;
    const order = { organisationId, send };
    this.#reconciliations.set(name, new Reconciliation(this.#begun, sending, order));
    return true;
  }

  #sendingTo(organisationId: OrganisationId, name: string): Sending | undefined {
    return this.#sendingsOf(organisationId).find(({ destination }) => destination.name === name);
  }

  #sendingsOf(organisationId: OrganisationId): Sending[] {
    return this.#sendings.filter(({ destination: { organisation } }) => {
      return organisation === undefined || organisation === organisationId;
    });
  }

  async status(organisationId: OrganisationId): Promise<WriteBackStatus> {
    const destinations: WriteBackStatus['destinations'][number][] = [];
    for (const sending of this.#sendingsOf(organisationId)) {
      destinations.push(await this.#statusOf(organisationId, sending));
    }
    return { destinations };
  }

  async #statusOf(
    organisationId: OrganisationId,
    sending: Sending,
  ): Promise<WriteBackStatus['destinations'][number]> {
    const { sql, nowMs } = this.#ports;
    const { name } = sending.destination;
    const of = { organisationId, destination: name, nowMs: nowMs() };
    const days = await store.sumDays(sql, of);
    const refusals = await store.sumRefusals(sql, of);
    const own = [...this.#optIns.of(name)].filter((one) => one.organisationId === organisationId);
    const inState = (state: OptIn['state']) => own.filter((one) => one.state === state);
    const unmatched = Map.groupBy(inState('unmatched'), ({ reason = '' }) => reason);
    const lastMs = await store.lastSentMs(sql, of);
    const isFailing = sending.pace.failingSinceMs !== undefined;
    const reconciliation = this.#reconciliations.get(name);
    return {
      name,
      patients: {
        looking: inState('looking').length,
        found: inState('found').length,
        unmatched: inState('unmatched').length,
      },
      unmatched: Object.fromEntries([...unmatched].map(([why, all]) => [why, all.length])),
      ...{ daysWaiting: days.waiting, daysDue: days.due, oldestDay: days.oldest },
      daysRefused: refusals.reduce((sum, one) => sum + one.days, 0),
      refusals: Object.fromEntries(refusals.map((one) => [one.reason, one.days])),
      lastSentAt: isoOrNull(lastMs),
      failingSince: isoOrNull(sending.pace.failingSinceMs),
      problem: sending.pace.problem ?? null,
      retryAt: isFailing ? isoOrNull(sending.pace.retryAtMs) : null,
      reconciliation:
        reconciliation?.organisationId === organisationId ? reconciliation.view() : null,
    };
  }

  async ofSubject(subject: RegisteredSubject): Promise<WriteBackOfSubject> {
    const { sql, keys } = this.#ports;
    const rows = await store.daysOfSubject(sql, subject.id);
    const destinations = this.#optIns.ofSubject(subject.id).map((optIn) => {
      const own = rows.filter(({ destination }) => destination === optIn.destination.name);
      const refused = own.filter(({ state }) => state === 'refused');
      return {
        destination: optIn.destination.name,
        ...{ state: optIn.state, reason: optIn.reason ?? null, from: optIn.from },
        ...{ zone: optIn.days.zone, patient: optIn.patient ?? null },
        daysWaiting: own.length - refused.length,
        daysRefused: refused.map(({ day, reason }) => ({ day, reason: reason ?? '' })),
      };
    });
    return { destinations, disclosures: await disclosuresOf(sql, keys, subject) };
  }

  /** For whoever looks after the server: nothing waits in silence. */
  part(): readonly Part[] {
    return this.#sendings.map(({ destination: { name }, pace: { problem, failingSinceMs } }) => {
      const refused = this.#refused.get(name) ?? 0;
      const nobody = [...this.#optIns.of(name)].filter(({ state }) => state === 'unmatched').length;
      const troubles = [
        ...(failingSinceMs === undefined ? [] : [problem ?? 'nothing arrives']),
        ...(refused === 0 ? [] : [`${refused} days were refused`]),
        ...(nobody === 0 ? [] : [`${nobody} patients are not found there`]),
      ];
      const detail = troubles.length === 0 ? 'all that is due was sent' : troubles.join('; ');
      const part = { name: `write-back to ${name}`, ready: true, detail };
      return troubles.length === 0 ? part : { ...part, attention: true };
    });
  }

  async close(): Promise<void> {
    for (const one of this.#reconciliations.values()) await one.close();
    await Promise.all(this.#sendings.map((sending) => sending.close()));
  }
}

function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
