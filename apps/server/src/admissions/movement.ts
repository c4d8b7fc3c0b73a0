/**
 * One patient's way through the house, as an admission system tells of it: admitted, transferred,
 * discharged, and each of these taken back. A notice that contradicts what is known changes nothing.
 */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type Bed, bedKey } from './bed.ts';

export type Step = 'admit' | 'transfer' | 'discharge';
export type Movement = Step | `cancel-${Step}`;

/** A bed, since when, and when we were told of it. */
export interface Place {
  readonly bed: Bed;
  readonly sinceMs: number;
  readonly saidMs: number;
}

/** What has been left last: readings from then on are not this patient's. */
export interface Left {
  readonly bed: Bed;
  readonly atMs: number;
  readonly saidMs: number;
}

/** The part of a visit that a cancellation brings back. */
interface Whereabouts {
  readonly isIn: boolean;
  readonly visitNumber: string | undefined;
  readonly place: Place | undefined;
}

export interface Visit extends Whereabouts {
  /** When the newest notice was recorded: an older one comes too late. */
  readonly newestMs: number;
  readonly left: Left | undefined;
  /** What may be taken back, the newest last. */
  readonly steps: readonly Done[];
}

interface Done {
  readonly what: Step;
  readonly atMs: number;
  readonly before: Whereabouts;
}

export interface Notice {
  readonly what: Movement;
  /** When it happened, by the sender's word; never later than it came. */
  readonly atMs: number;
  readonly recordedMs: number;
  readonly receivedMs: number;
  readonly bed: Bed | undefined;
  readonly priorBed: Bed | undefined;
  readonly visitNumber: string | undefined;
}

const NEVER_HERE: Visit = {
  isIn: false,
  visitNumber: undefined,
  place: undefined,
  newestMs: Number.NEGATIVE_INFINITY,
  left: undefined,
  steps: [],
};

/** A patient who is transferred more often in one visit can take back the last of it. */
const STEPS_MAX = 50;

/** `isTaken`: somebody else has been admitted to the bed. The same visit again: nothing changes. */
export function move(
  known: Visit | undefined,
  notice: Notice,
  isTaken: (bed: Bed) => boolean,
): Result<Visit> {
  const visit = known ?? NEVER_HERE;
  if (notice.recordedMs < visit.newestMs) {
    return fail('MOVEMENT_LATE', 'EVN-2: a newer message about this patient came before');
  }
  const moved = moveInTime(visit, notice);
  if (!moved.ok) return moved;
  const { place } = moved.value;
  const isNew = place !== undefined && place !== visit.place;
  if (isNew && isTaken(place.bed)) return refuse('PV1-3: somebody else lies in this bed');
  return ok({ ...moved.value, newestMs: notice.recordedMs });
}

function moveInTime(visit: Visit, notice: Notice): Result<Visit> {
  switch (notice.what) {
    case 'admit':
      return admit(visit, notice);
    case 'transfer':
      return transfer(visit, notice);
    case 'discharge':
      return discharge(visit, notice);
    case 'cancel-admit':
      return takeBack(visit, 'admit', notice);
    case 'cancel-transfer':
      return takeBack(visit, 'transfer', notice);
    case 'cancel-discharge':
      return takeBack(visit, 'discharge', notice);
    default:
      return notice.what satisfies never;
  }
}

function admit(visit: Visit, notice: Notice): Result<Visit> {
  if (!visit.isIn) {
    const { visitNumber } = notice;
    const place = placed(notice);
    // What came before a new visit is over: nobody takes back an older discharge.
    return ok(
      step(
        { ...visit, steps: [] },
        { ...notice, what: 'admit' },
        { isIn: true, visitNumber, place },
      ),
    );
  }
  if (!isSameVisit(visit, notice)) return refuse('PV1-19: admitted under another visit already');
  if (notice.bed === undefined || isIn(visit, notice.bed)) return ok(visit);
  if (visit.place === undefined) return ok({ ...visit, place: placed(notice) });
  return refuse('PV1-3: admitted to another bed already');
}

function transfer(visit: Visit, notice: Notice): Result<Visit> {
  const refused = refuseAbsent(visit, notice);
  if (refused !== undefined) return refused;
  const { priorBed, bed } = notice;
  if (bed !== undefined && isIn(visit, bed)) return ok(visit);
  if (priorBed !== undefined && visit.place !== undefined && !isIn(visit, priorBed)) {
    return refuse('PV1-6: not the bed in which the patient lies');
  }
  const after = { ...whereabouts(visit), place: placed(notice) };
  return ok(step(visit, { ...notice, what: 'transfer' }, after));
}

function discharge(visit: Visit, notice: Notice): Result<Visit> {
  const last = visit.steps.at(-1);
  const isAgain = !visit.isIn && last?.what === 'discharge' && isSameVisit(last.before, notice);
  if (isAgain && last.atMs === notice.atMs) return ok(visit);
  const refused = refuseAbsent(visit, notice);
  if (refused !== undefined) return refused;
  const after = { ...whereabouts(visit), isIn: false, place: undefined };
  return ok(step(visit, { ...notice, what: 'discharge' }, after));
}

function takeBack(visit: Visit, what: Step, { receivedMs }: Notice): Result<Visit> {
  const last = visit.steps.at(-1);
  if (last?.what !== what) return refuse(`the last thing known of the patient is no ${what}`);
  const steps = visit.steps.slice(0, -1);
  const { place } = visit;
  const { before } = last;
  if (isSame(place, before.place)) return ok({ ...visit, ...before, place, steps });
  // It never happened: from its beginning on the bed was not this patient's.
  const left = place && { bed: place.bed, atMs: place.sinceMs, saidMs: receivedMs };
  return ok({ ...visit, ...before, place: again(before.place, receivedMs), left, steps });
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return bedKey(one.bed) === bedKey(other.bed) && one.sinceMs === other.sinceMs;
}

/** As if it had never been left, and said anew. */
function again(place: Place | undefined, saidMs: number): Place | undefined {
  return place && { ...place, saidMs };
}

function step(
  visit: Visit,
  { what, atMs, receivedMs }: Omit<Done, 'before'> & { readonly receivedMs: number },
  after: Whereabouts,
): Visit {
  const before = whereabouts(visit);
  const steps = [...visit.steps, { what, atMs, before }];
  const left =
    before.place === undefined ? visit.left : { bed: before.place.bed, atMs, saidMs: receivedMs };
  return { ...visit, ...after, left, steps: steps.slice(-STEPS_MAX) };
}

function refuseAbsent(visit: Visit, notice: Notice): Result<never> | undefined {
  if (!visit.isIn) return refuse('not admitted');
  if (!isSameVisit(visit, notice)) return refuse('PV1-19: another visit');
  if (visit.place !== undefined && notice.atMs < visit.place.sinceMs) {
    return refuse('EVN-6: before the patient came to the bed');
  }
  return undefined;
}

function isSameVisit(visit: Pick<Visit, 'visitNumber'>, { visitNumber }: Notice): boolean {
  return (
    visit.visitNumber === undefined ||
    visitNumber === undefined ||
    visit.visitNumber === visitNumber
  );
}

function isIn({ place }: Visit, bed: Bed): boolean {
  return place !== undefined && bedKey(place.bed) === bedKey(bed);
}

function placed({ bed, atMs, receivedMs }: Notice): Place | undefined {
  return bed && { bed, sinceMs: atMs, saidMs: receivedMs };
}

function whereabouts({ isIn: isHere, visitNumber, place }: Visit): Whereabouts {
  return { isIn: isHere, visitNumber, place };
}

function refuse(why: string) {
  return fail('MOVEMENT_REFUSED', why);
}
