/** All subjects under a plan: how one begins, and when the clock alone changes something for one of them. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Arrival } from './consume.ts';
import type { CareEntry, EventEntry, MovedEntry } from './entry.ts';
import type { Finding } from './finding.ts';
import type { GivenPlan, ProtocolOf } from './given-plan.ts';
import { limitsSoFar } from './limits-so-far.ts';
import { type PlannedSnapshot, PlannedWatch } from './planned.ts';
import type { SubjectWatch } from './series-watch.ts';

export interface PlansPorts {
  readonly protocolOf: ProtocolOf;
  readonly known: (id: SubjectId) => SubjectWatch | undefined;
  /** Known or not: it is in the next snapshot. */
  readonly toChange: (id: SubjectId) => SubjectWatch;
  /** Before its limits are looked at. */
  readonly caughtUp: (subject: SubjectWatch) => void;
  readonly judgeAnew: (subject: SubjectWatch) => void;
}

const NOTHING_FOUND: readonly Finding[] = [];

export class Plans {
  readonly #ports: PlansPorts;
  readonly #all = new Set<PlannedWatch>();
  /** Nothing changes for anybody by the clock alone before this. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(ports: PlansPorts) {
    this.#ports = ports;
  }

  all(): Iterable<PlannedWatch> {
    return this.#all;
  }

  remember(subject: SubjectWatch, snapshot: PlannedSnapshot): void {
    const { place, given } = snapshot;
    const protocol = this.#protocolOf(place.organisationId, given);
    this.give(subject, new PlannedWatch(snapshot, protocol));
  }

  give(subject: SubjectWatch, plan: PlannedWatch): void {
    subject.plan = plan;
    this.#all.add(plan);
    this.#dueMs = Math.min(this.#dueMs, plan.dueMs);
  }

  forget(plan: PlannedWatch): void {
    this.#all.delete(plan);
  }

  read(plan: PlannedWatch, arrival: Arrival): readonly Finding[] {
    const findings = plan.read(arrival);
    if (plan.dueMs < this.#dueMs) this.#dueMs = plan.dueMs;
    return findings;
  }

  happen(entry: EventEntry, atMs: number): readonly Finding[] {
    const { subjectId, deviceId: device, event, receivedMs: receivedAtMs } = entry;
    if (this.#ports.known(subjectId)?.plan === undefined) return NOTHING_FOUND;
    const happened = { what: event.kind, device, atMs, receivedAtMs };
    return this.#step(subjectId, (plan) => plan.happen(happened));
  }

  /** From here on: another plan, or an answer to what lasts until one. */
  watchCare(entry: CareEntry): readonly Finding[] {
    const { act, organisationId, subjectId, receivedMs } = entry;
    if (act.kind === 'answer')
      return this.#step(subjectId, (plan) => plan.answer(act.alarm, receivedMs));
    const subject = this.#ports.toChange(subjectId);
    if (subject.plan === undefined) this.#begin(subject, { ...entry, given: act.given });
    const protocol = this.#protocolOf(organisationId, act.given);
    return this.#step(subjectId, (plan) => plan.change(act.given, protocol, receivedMs));
  }

  /** As it would begin now: for whoever asks, and nobody is watched by it. */
  asBegun(subjectId: SubjectId, at: Parameters<typeof limitsSoFar>[1]): PlannedWatch {
    const subject = this.#ports.toChange(subjectId);
    this.#ports.caughtUp(subject);
    return new PlannedWatch(limitsSoFar(subject, at), undefined);
  }

  /** What the limits have come to goes on under the plan. */
  #begin(subject: SubjectWatch, at: Parameters<typeof limitsSoFar>[1]): void {
    this.#ports.caughtUp(subject);
    this.give(subject, new PlannedWatch(limitsSoFar(subject, at), undefined));
    this.#ports.judgeAnew(subject);
  }

  /** What a device measured is another's: what a plan has made of it ends. */
  takeAway(entry: MovedEntry): readonly Finding[] {
    return this.#step(entry.subjectId, (plan) => plan.takeAway(entry));
  }

  /**
   * What is received at this very moment speaks first: whoever looked at the clock before it was consumed
   * has seen the same as a replay, in which nobody looks.
   */
  watchTime(nowMs: number): readonly Finding[] {
    const untilMs = nowMs - 1;
    if (untilMs < this.#dueMs) return NOTHING_FOUND;
    const due = [...this.#all].filter(({ dueMs }) => dueMs <= untilMs);
    // A restart does not know in which order they were given their plans.
    due.sort((one, other) => one.dueMs - other.dueMs || compareSubjects(one, other));
    const findings = due.flatMap(({ place }) =>
      this.#step(place.subjectId, (plan) => plan.watchTime(untilMs)),
    );
    const dues = [...this.#all].map(({ dueMs }) => dueMs);
    this.#dueMs = dues.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
    return findings;
  }

  #step(subjectId: SubjectId, act: (plan: PlannedWatch) => readonly Finding[]): readonly Finding[] {
    if (this.#ports.known(subjectId)?.plan === undefined) return NOTHING_FOUND;
    const { plan } = this.#ports.toChange(subjectId);
    if (plan === undefined) return NOTHING_FOUND;
    const findings = act(plan);
    this.#dueMs = Math.min(this.#dueMs, plan.dueMs);
    return findings;
  }

  #protocolOf(organisationId: OrganisationId, { protocol }: GivenPlan): ReturnType<ProtocolOf> {
    return protocol === null ? undefined : this.#ports.protocolOf(organisationId, protocol);
  }
}

function compareSubjects({ place: one }: PlannedWatch, { place: other }: PlannedWatch): number {
  return one.subjectId < other.subjectId ? -1 : 1;
}
