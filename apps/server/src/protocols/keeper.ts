/**
 * Sees to it that the line watches everybody by what the house has decided: where it does not yet, an entry
 * of the log says from where on it does. It compares and goes on comparing, so that a crash between a
 * decision and its entry, a move to another ward or another category is a plan that comes a second later.
 */
import type { Patient } from '@ausculta/rules/protocol/plan';
import type { Fault } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { AlarmBook } from '../alarms/book.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { CareEntry } from '../line/entry.ts';
import type { GivenPlan } from '../line/given-plan.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Library } from './library.ts';
import type { AssignmentRow } from './store.ts';
import { zoneOffsets } from './zone-offsets.ts';

export interface KeeperPorts {
  readonly library: Library;
  readonly registry: Registry;
  readonly alarms: Pick<AlarmBook, 'watch'>;
  readonly telemetry: Pick<Telemetry, 'append'>;
  readonly timeZone: string | undefined;
  readonly nowMs: () => number;
}

const YEAR_MS = 31_557_600_000;
/** Below this a score that was made on adults refuses; above, the age says nothing and stays where it is. */
const SCORED_FROM_YEARS = 16;
const DAY_MS = 86_400_000;

export class PlanKeeper {
  readonly #ports: KeeperPorts;
  /** What was compared last: while nothing of it changes, there is nothing to do. */
  #compared = { library: -1, subjects: -1, untilMs: 0 };
  /** On its way to the log, by subject: what the entry says. */
  readonly #onWay = new Map<string, Promise<boolean>>();

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
  }

  /** Once a second. */
  look(): void {
    for (const { planned, alarm } of this.#ports.alarms.watch.answered())
      void this.#append(planned.place, { kind: 'answer', alarm });
    const { library, registry, nowMs } = this.#ports;
    const { library: changes, subjects, untilMs } = this.#compared;
    const isSame = changes === library.changes && subjects === registry.subjectChanges;
    if (isSame && nowMs() < untilMs) return;
    void this.follow();
  }

  /** Resolves when the line watches everybody by what is decided now; false where the store refused. */
  async follow(): Promise<boolean> {
    const { library, registry, nowMs } = this.#ports;
    const { changes } = library;
    const { subjectChanges: subjects } = registry;
    const all = await Promise.all([...registry.subjects.values()].map((one) => this.#keep(one)));
    const isDone = all.every((one) => one);
    const untilMs = Math.floor(nowMs() / DAY_MS + 1) * DAY_MS;
    if (isDone) this.#compared = { library: changes, subjects, untilMs };
    return isDone;
  }

  async #keep(subject: RegisteredSubject): Promise<boolean> {
    const wanted = this.#wantedOf(subject);
    const now = this.#ports.alarms.watch.planOf(subject.id)?.given;
    if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(now)) return true;
    return await this.#append(subjectPlace(subject), { kind: 'plan', given: wanted });
  }

  /** Undefined: nothing was ever decided, and what is built in watches. */
  #wantedOf(subject: RegisteredSubject): GivenPlan | undefined {
    const { library, alarms, nowMs, timeZone } = this.#ports;
    const assignment = this.assignmentOf(subject);
    const overrides = library
      .overridesOf(subject.id)
      .map(({ override }) => override)
      .filter(({ untilMs }) => untilMs > nowMs());
    const isPlanned = alarms.watch.planOf(subject.id) !== undefined;
    if (assignment === undefined && overrides.length === 0 && !isPlanned) return undefined;
    const followed = assignment && library.followedOf(subject.organisationId, assignment.key);
    const named = followed && { key: followed.key, version: followed.version };
    const patient: Patient = {
      category: subject.category,
      ...ageOf(subject, nowMs()),
      spo2Scale: assignment?.spo2_scale ?? 1,
      zone: zoneOffsets(timeZone, nowMs()),
    };
    return { protocol: named ?? null, patient, overrides };
  }

  /** The nearest wins: what is decided for this patient, for who lies in the ward, for the category. */
  assignmentOf(subject: RegisteredSubject): AssignmentRow | undefined {
    const all = this.#ports.library.assignments(subject.organisationId);
    const own = all.findLast(({ subject_id }) => subject_id === subject.id);
    if (own !== undefined || !isCaredFor(subject)) return own;
    const { ward } = subject.identity;
    return (
      all.findLast((one) => one.ward !== null && one.ward === ward) ??
      all.findLast(({ category }) => category === subject.category)
    );
  }

  /** The same is not sent twice while it is on its way. */
  #append(
    place: Pick<CareEntry, 'organisationId' | 'subjectId' | 'partition'>,
    act: CareEntry['act'],
  ): Promise<boolean> {
    const name = `${place.subjectId} ${JSON.stringify(act)}`;
    const known = this.#onWay.get(name);
    if (known !== undefined) return known;
    const receivedMs = this.#ports.nowMs();
    const entry: CareEntry = { kind: 'care', ...place, receivedMs, offsetMs: 0, act };
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#onWay.set(name, promise);
    this.#ports.telemetry.append([entry], (fault: Fault | undefined) => {
      this.#onWay.delete(name);
      resolve(fault === undefined);
    });
    return promise;
  }
}

function subjectPlace({
  organisationId,
  id,
  partition,
}: RegisteredSubject): Pick<CareEntry, 'organisationId' | 'subjectId' | 'partition'> {
  return { organisationId, subjectId: id as SubjectId, partition };
}

function isCaredFor({ kind }: RegisteredSubject): boolean {
  return kind === 'patient' || kind === 'bed';
}

/** Only of the young: a birthday is no reason to write a plan. */
function ageOf({ identity: { birthDate } }: RegisteredSubject, nowMs: number) {
  const bornMs = birthDate === undefined ? Number.NaN : Date.parse(birthDate);
  const ageYears = Math.floor((nowMs - bornMs) / YEAR_MS);
  return ageYears < SCORED_FROM_YEARS ? { ageYears } : {};
}
