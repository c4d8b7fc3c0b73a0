/**
 * Bedside feeds: sees to it that a device at a bed is worn by whom its message and the admissions
 * mean, before the message is taken in. Where nobody can say who that is, an unknown patient of the
 * bed is made: stored, shown and watched by the limits that its beds were given (safety S17, S18).
 */
import { expect } from '@ausculta/vitals/expect';
import { type Fault, fail } from '@ausculta/vitals/fault';
import {
  type DeviceId,
  type OrganisationId,
  parseDeviceId,
  parseSubjectId,
  type SubjectId,
} from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { Acts } from '../reattribution/acts.ts';
import { type Bed, bedDeviceId, bedKey, bedName, placeOf } from './bed.ts';
import { cameTo } from './bed-follower.ts';
import type { Stay } from './census.ts';
import {
  type Decision,
  decideWearer,
  type FeedView,
  type FeedWearer,
  type NamedPatient,
} from './feed-wearer.ts';
import { hand } from './hand.ts';
import type { Place } from './movement.ts';
import type { Stays } from './stays.ts';
import type { Turns } from './turns.ts';

/** A device is worn a little before its first message. */
const WORN_BEFORE_MS = 60_000;

/** After such a silence whoever lies there unknown may be somebody else. */
const SILENT_MS = 60 * 60_000;

/**
 * Unknown patients that one device may make: each is a record with a key. A monitor that is moved, or
 * falls silent and comes back, twelve times at once; one whose messages contradict each other no more.
 */
const UNKNOWN_MAX = 12;
const UNKNOWN_EVERY_MS = 10 * 60_000;

/** Beds of one server: more are no hospital, but a feed that invents them. */
const BED_DEVICES_MAX = 5_000;

export interface FeedPlace {
  readonly bed: Bed;
  /** Of the patients of these beds, as an administrator has said. */
  readonly category: PatientCategory;
  /** Record numbers in PID-3; empty where it names nobody, or is not to be believed. */
  readonly numbers: readonly string[];
  /** The earliest stamp of the message: from then on it is as the message says. */
  readonly measuredMs: number | undefined;
}

export interface BedFeedPorts {
  readonly registry: Registry;
  readonly stays: Stays;
  readonly acts: Pick<Acts, 'assign' | 'release'>;
  readonly turns: Turns;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
}

interface Heard {
  lastMs: number;
  /** Messages that wait for a decision: those behind them wait as well. */
  pending: number;
  /** Of its bed, as its sender's entry says. */
  category: PatientCategory | undefined;
  /** Unknown patients that it may still make, as of when it made the last one. */
  unknownLeft: number;
  unknownMs: number;
}

export class BedFeeds {
  readonly #ports: BedFeedPorts;
  readonly #heard = new Map<string, Heard>();

  constructor(ports: BedFeedPorts) {
    this.#ports = ports;
  }

  /** The device that stands for a bed where a gateway names none; undefined until it was heard. */
  deviceOfBed(gateway: RegisteredDevice, bed: Bed): RegisteredDevice | undefined {
    const device = this.#ports.registry.devices.get(this.#idOfBed(gateway, bed));
    return device?.organisationId === gateway.organisationId ? device : undefined;
  }

  /**
   * Whose a device is from then on that its patient has left: nobody's, or, where it has been heard
   * since, an unknown patient's.
   */
  async unknownSince(device: RegisteredDevice, bed: Bed, fromMs: number) {
    const heard = this.#heard.get(device.id);
    if (heard?.category === undefined || heard.lastMs < fromMs) return undefined;
    const { category } = heard;
    return await this.#makeUnknown(device.organisationId, { bed, category });
  }

  /** Whether one of these numbers is that of who wears it, under whichever record it was given. */
  isMeant(
    subjectId: SubjectId,
    organisationId: OrganisationId,
    numbers: readonly string[],
  ): boolean {
    const { registry, stays } = this.#ports;
    return numbers.some((number) => {
      const named = registry.subjectByNumber(organisationId, number);
      return named !== undefined && stays.census.usedFor(named.id) === subjectId;
    });
  }

  /** An unknown patient of a bed: no number contradicts them. */
  isUnknown(subjectId: SubjectId): boolean {
    return this.#ports.stays.census.of(subjectId)?.isUnknown === true;
  }

  /** At once, with nothing, where all is as it was: as it is for almost every message. */
  settle(device: RegisteredDevice, place: FeedPlace): Promise<Fault | undefined> | undefined {
    const nowMs = this.#ports.nowMs();
    const heard = this.#heardOf(device, nowMs);
    heard.category = place.category;
    const isSilentLong = nowMs - heard.lastMs > SILENT_MS;
    if (heard.pending === 0 && !isSilentLong && this.#isSettled(device, place)) {
      heard.lastMs = nowMs;
      return undefined;
    }
    return this.#whilePending(heard, () => this.#settleInTurn(device, place, heard));
  }

  /** Makes the device of a bed, worn from a little before its first message on. */
  introduce(gateway: RegisteredDevice, place: FeedPlace): Promise<Fault | undefined> {
    return this.#ports.turns.run(async () => {
      if (this.deviceOfBed(gateway, place.bed) !== undefined) return undefined;
      const { registry, stays, randomToken, sha256, nowMs } = this.#ports;
      if (stays.deviceCount >= BED_DEVICES_MAX) return fail('DEVICE_UNKNOWN', TOO_MANY).fault;
      const { organisationId } = gateway;
      const decision = decideWearer(this.#viewOf({ organisationId, device: undefined }, place));
      const device = new RegisteredDevice({
        id: this.#idOfBed(gateway, place.bed),
        organisationId,
        model: 'bed of a gateway',
        // Nobody is told the token: only its gateway speaks for it.
        tokenHash: sha256(randomToken()),
      });
      const subjectId =
        decision.kind === 'patient' ? decision.id : await this.#makeUnknown(organisationId, place);
      const isNew = await registry.addDevice(device, subjectId, nowMs() - WORN_BEFORE_MS);
      if (!isNew) return fail('DEVICE_UNKNOWN', 'PV1-3').fault;
      this.#heardOf(device, nowMs()).category = place.category;
      await this.#placeAt(device, place.bed);
      return undefined;
    });
  }

  #idOfBed(gateway: RegisteredDevice, bed: Bed): DeviceId {
    const hex = (text: string) => Buffer.from(this.#ports.sha256(text)).toString('hex');
    const id = parseDeviceId(bedDeviceId(gateway.id, bed, hex));
    expect(id !== undefined, 'the id of a bed is well formed');
    return id;
  }

  #heardOf(device: RegisteredDevice, nowMs: number): Heard {
    const known = this.#heard.get(device.id);
    if (known !== undefined) return known;
    const first: Heard = {
      ...{ lastMs: nowMs, pending: 0, category: undefined },
      ...{ unknownLeft: UNKNOWN_MAX, unknownMs: nowMs },
    };
    this.#heard.set(device.id, first);
    return first;
  }

  async #whilePending(
    heard: Heard,
    act: () => Promise<Fault | undefined>,
  ): Promise<Fault | undefined> {
    heard.pending += 1;
    try {
      return await this.#ports.turns.run(act);
    } finally {
      heard.pending -= 1;
    }
  }

  #isSettled(device: RegisteredDevice, place: FeedPlace): boolean {
    const known = this.#ports.stays.bedOf(device.id);
    if (known === undefined || bedKey(known) !== bedKey(place.bed)) return false;
    const { organisationId } = device;
    return decideWearer(this.#viewOf({ organisationId, device }, place)).kind === 'as-it-is';
  }

  async #settleInTurn(
    device: RegisteredDevice,
    place: FeedPlace,
    heard: Heard,
  ): Promise<Fault | undefined> {
    const { nowMs } = this.#ports;
    const { organisationId } = device;
    const atMs = nowMs();
    const view = this.#viewOf({ organisationId, device }, place);
    const isForgotten = atMs - heard.lastMs > SILENT_MS && view.wearer?.unknown !== undefined;
    const decision = isForgotten
      ? decideWearer({ ...view, wearer: undefined })
      : decideWearer(view);
    heard.lastMs = atMs;
    if (decision.kind !== 'as-it-is') {
      const fault = await this.#giveTo(device, place, decision);
      if (fault !== undefined) return fault;
    }
    await this.#placeAt(device, place.bed);
    return undefined;
  }

  /** Worn by who was admitted there: that they were is followed by this. */
  async #placeAt(device: RegisteredDevice, bed: Bed): Promise<void> {
    const { stays, nowMs } = this.#ports;
    const occupant = stays.census.admittedTo(device.organisationId, bed);
    const isTheirs = occupant !== undefined && device.wearerNow(nowMs()) === occupant.subjectId;
    const followed = isTheirs && occupant.place && cameTo(occupant.subjectId, occupant.place);
    await stays.placeDevice(device, bed, followed || undefined);
  }

  async #giveTo(
    device: RegisteredDevice,
    place: FeedPlace,
    decision: Exclude<Decision, { kind: 'as-it-is' }>,
  ): Promise<Fault | undefined> {
    const { acts, nowMs } = this.#ports;
    const { organisationId } = device;
    const subjectId =
      decision.kind === 'patient'
        ? decision.id
        : await this.#unknownOf(organisationId, place, device);
    if (subjectId === undefined) return fail('MOVEMENT_REFUSED', TOO_OFTEN).fault;
    const fromMs = beginning(device, place, nowMs());
    return await hand(acts, device, { subjectId, fromMs, nowMs: nowMs() });
  }

  /**
   * The one whom another device of the bed measures at this moment, or a new one; undefined where the
   * device has made too many.
   */
  async #unknownOf(
    organisationId: OrganisationId,
    place: FeedPlace,
    device: RegisteredDevice,
  ): Promise<SubjectId | undefined> {
    const { registry, stays, nowMs } = this.#ports;
    const known = stays.census.unknownIn(organisationId, place.bed);
    const others = known && registry.devicesOf(known.subjectId, nowMs());
    const isHere = others?.some((other) => {
      const heard = this.#heard.get(other.id);
      return other !== device && heard !== undefined && nowMs() - heard.lastMs <= SILENT_MS;
    });
    if (known !== undefined && isHere === true) return known.subjectId;
    const heard = this.#heardOf(device, nowMs());
    const left = unknownLeft(heard, nowMs());
    if (left < 1) return undefined;
    const made = await this.#makeUnknown(organisationId, place);
    heard.unknownLeft = left - 1;
    heard.unknownMs = nowMs();
    return made;
  }

  async #makeUnknown(
    organisationId: OrganisationId,
    { bed, category }: Pick<FeedPlace, 'bed' | 'category'>,
  ): Promise<SubjectId> {
    const { registry, stays, nowMs, newId } = this.#ports;
    const id = parseSubjectId(newId());
    expect(id !== undefined, 'a new id is well formed');
    await registry.addSubject({
      organisationId,
      id,
      kind: 'bed',
      category,
      paced: 'unknown',
      identity: {
        familyName: bedName(bed),
        givenName: 'unknown',
        sex: 'unknown',
        recordNumber: `U-${id.slice(0, 8).toUpperCase()}`,
        ...placeOf(bed),
      },
    });
    const atMs = nowMs();
    await stays.keep({
      subjectId: id,
      organisationId,
      isUnknown: true,
      place: { bed, sinceMs: atMs, saidMs: atMs },
      categoryOfBed: category,
    });
    return id;
  }

  #viewOf(
    {
      organisationId,
      device,
    }: { organisationId: OrganisationId; device: RegisteredDevice | undefined },
    place: FeedPlace,
  ): FeedView {
    const { stays, nowMs } = this.#ports;
    const known = device && stays.bedOf(device.id);
    const wearerId = device?.wearerNow(nowMs());
    const occupant = stays.census.admittedTo(organisationId, place.bed);
    return {
      wearer: wearerId && this.#wearerOf(wearerId, place.bed),
      isAtHome: known === undefined || bedKey(known) === bedKey(place.bed),
      occupant: occupant?.place && {
        id: occupant.subjectId,
        sinceMs: occupant.place.saidMs,
        isFollowed: this.#isFollowed(device, occupant.subjectId, occupant.place),
      },
      isNamed: place.numbers.length > 0,
      named: this.#named(organisationId, place),
    };
  }

  #isFollowed(device: RegisteredDevice | undefined, id: SubjectId, place: Place): boolean {
    return device !== undefined && this.#ports.stays.followedAt(device.id) === cameTo(id, place);
  }

  #wearerOf(id: SubjectId, bed: Bed): FeedWearer {
    const stay = this.#ports.stays.census.of(id);
    const where = bedOf(stay, bed);
    if (stay?.isUnknown !== true || stay.place === undefined)
      return { id, unknown: undefined, bed: where };
    const unknown = { isOfThisBed: where === 'this', sinceMs: stay.place.sinceMs };
    return { id, unknown, bed: where };
  }

  #named(organisationId: OrganisationId, { numbers, bed }: FeedPlace): NamedPatient | undefined {
    const { registry, stays } = this.#ports;
    for (const number of numbers) {
      const subject = registry.subjectByNumber(organisationId, number);
      // The number that we gave an unknown patient is no person's.
      if (subject === undefined || this.isUnknown(subject.id)) continue;
      const id = stays.census.usedFor(subject.id);
      return { id, bed: bedOf(stays.census.of(id), bed) };
    }
    return undefined;
  }
}

const TOO_MANY = 'PV1-3: too many beds';
const TOO_OFTEN = 'PV1-3: another bed again and again';

function unknownLeft(heard: Heard, nowMs: number): number {
  const since = Math.max(0, nowMs - heard.unknownMs) / UNKNOWN_EVERY_MS;
  return Math.min(UNKNOWN_MAX, heard.unknownLeft + since);
}

function bedOf(stay: Stay | undefined, bed: Bed): 'this' | 'another' | undefined {
  if (stay?.place === undefined) return undefined;
  return bedKey(stay.place.bed) === bedKey(bed) ? 'this' : 'another';
}

/** A little earlier than now; never into the time of somebody who wore it before. */
function beginning(
  device: RegisteredDevice,
  { measuredMs = Number.POSITIVE_INFINITY }: FeedPlace,
  nowMs: number,
): number {
  const earliestMs = nowMs - WORN_BEFORE_MS;
  // A stamp from far away is a wrong clock's, and says nothing of when this began.
  const wornMs = measuredMs >= earliestMs ? Math.min(measuredMs, nowMs) : nowMs;
  if (device.wearerNow(nowMs) !== undefined) return wornMs;
  const ends = device.wearers.map(({ untilMs }) => untilMs ?? Number.NEGATIVE_INFINITY);
  return Math.min(nowMs, Math.max(earliestMs, ...ends));
}
