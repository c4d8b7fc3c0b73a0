/**
 * An Observation that is posted and is a reading of a device of the registry becomes one: it is stored,
 * charted and watched like whatever the device sends by itself. That is so where nothing is lost by it:
 * all that was sent is in what the reading is told as. Any other stays a document, which is watched too.
 */
import { type PlacedReading, toObservations } from '@ausculta/fhir/observation';
import { observationTexts } from '@ausculta/fhir/observation-text';
import type { ObservedReading } from '@ausculta/fhir/observed-metric';
import { readObservation, type Verdict } from '@ausculta/fhir/observed-reading';
import { SYSTEM } from '@ausculta/fhir/systems';
import { isError } from '@ausculta/fhir/validation';
import { isWholeIn } from '@ausculta/fhir/whole-in';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { isOneSided } from '@ausculta/vitals/reading';
import type { Observation, Reference, Resource } from '@medplum/fhirtypes';
import { viewAsPlatform, viewing } from '../database/viewing.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { type IntakePorts, type Answer as TakenIn, takeIn } from '../doors/intake.ts';
import { RECEIPT_EPOCH } from '../line/clock.ts';
import type { Caller } from '../people/sign-in.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Act, Done } from './acts.ts';
import { type Answer, refuseFor } from './answer.ts';
import type { DevicesById } from './devices-by-id.ts';
import { fhirKnowledge } from './knowledge.ts';
import { documentOfReading, inOrder } from './reading-pages.ts';

export interface PostedPorts {
  readonly devices: Pick<DevicesById, 'byTag' | 'byName' | 'linksOf'>;
  readonly telemetry: Pick<Telemetry, 'range' | 'latest'>;
  readonly intake: IntakePorts;
  readonly nowMs: () => number;
  /** Whether somebody is told of each Observation that is written: of a reading nobody would be. */
  readonly isToldOfWritten: (organisationId: OrganisationId) => boolean;
}

/** Who posts says when it was measured. What a device's own clock says of itself is left to the device. */
const BY_WHO_POSTS = { sentMs: undefined, isByRightClock: true, faults: [] } as const;

/** What was measured longer ago is history, and calls nobody (decisions/0030). */
const RECENT_MS = 24 * 3_600_000;

/** A reading that is posted: of which device, and whose it was then. */
interface Posted {
  readonly device: RegisteredDevice;
  readonly subjectId: SubjectId;
  readonly stampMs: number;
  readonly readings: readonly ObservedReading[];
}

const mayPost = (): boolean => viewing()?.speaksForDevices() ?? true;

export class PostedReadings {
  readonly #ports: PostedPorts;
  /** Of one device and moment one after the other: the second sees what the first has written. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(ports: PostedPorts) {
    this.#ports = ports;
  }

  /** Undefined where it stays a document. */
  async take(
    { organisationId, kind }: Pick<Caller, 'organisationId' | 'kind'>,
    act: Act,
  ): Promise<Answer<Done> | undefined> {
    // What a device measures is for programs that speak for devices to say.
    if (act.kind !== 'create' || act.ifNoneExist !== undefined) return undefined;
    if (kind !== 'program' || !mayPost()) return undefined;
    const posted = await this.#posted(organisationId, act);
    if (posted === undefined) return undefined;
    const key = `${posted.device.id} ${posted.stampMs}`;
    const before = this.#underWay.get(key) ?? Promise.resolve();
    // What a device measures is judged by all that is known of who wears it.
    const mine = before.then(() => viewAsPlatform(() => this.#takePosted(posted)));
    const ended = mine.catch(() => undefined);
    this.#underWay.set(key, ended);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(key) === ended) this.#underWay.delete(key);
    }
  }

  async #posted(
    organisationId: OrganisationId,
    { type, resource, hasPrecise }: Extract<Act, { kind: 'create' }>,
  ): Promise<Posted | undefined> {
    if (type !== 'Observation' || !isOfDevice(resource) || hasPrecise) return undefined;
    if (this.#ports.isToldOfWritten(organisationId)) return undefined;
    // Whatever is wrong with it is told by those who write documents.
    if ((await fhirKnowledge()).issuesOf(resource).some(isError)) return undefined;
    const verdict = readObservation(resource);
    if (verdict.kind !== 'readings') return undefined;
    const device = verdict.device && this.#deviceOf(organisationId, verdict.device);
    if (device === undefined || !isOfNow(device, verdict, this.#ports.nowMs())) return undefined;
    const subjectId = device.subjectAt(verdict.stampMs)?.subjectId;
    if (subjectId === undefined || subjectId !== verdict.patientId) return undefined;
    const { stampMs, readings } = verdict;
    const posted = { device, subjectId, stampMs, readings };
    const [told] = toObservations(placed(posted), this.#ports.devices.linksOf);
    return readings.every(isPlausible) && isWholeIn(asTold(resource), told) ? posted : undefined;
  }

  #deviceOf(
    organisationId: OrganisationId,
    { reference = '', identifier }: Reference,
  ): RegisteredDevice | undefined {
    const { devices } = this.#ports;
    const [, tag] = /^Device(?:Metric)?\/([0-9a-f]{16})(?:\.[a-z0-9-]+)?$/.exec(reference) ?? [];
    if (tag !== undefined) return devices.byTag(organisationId, tag);
    if (identifier?.system !== SYSTEM.DEVICE) return undefined;
    return devices.byName(organisationId, identifier.value ?? '');
  }

  async #takePosted(posted: Posted): Promise<Answer<Done> | undefined> {
    const there = await this.#there(posted);
    if (there === 'other') return undefined;
    if (there === 'same') return this.#told(posted);
    const answer = await this.#takeIn(posted);
    const fault = answer.fault ?? answer.faults[0]?.fault;
    return fault === undefined ? this.#told(posted) : refuseFor(fault);
  }

  /** What the device has measured at that very moment: sent again, it is there; another is no correction. */
  async #there({
    device,
    subjectId,
    stampMs,
    readings,
  }: Posted): Promise<'none' | 'same' | 'other'> {
    const metrics = readings.map(({ metric }) => metric.key);
    const { telemetry } = this.#ports;
    const mayBe = telemetry
      .latest(subjectId)
      .some(({ series, last }) => series.deviceId === device.id && last.timeMs >= stampMs);
    if (!mayBe) return 'none';
    const span = { fromMs: stampMs, toMs: stampMs + 1 };
    const unreadable: Parameters<Telemetry['range']>[0]['unreadable'] = [];
    const ranges = await telemetry.range({ subjectId, metrics, ...span, unreadable });
    if (unreadable.length > 0) return 'other';
    const own = inOrder(ranges, { newestFirst: false, wanted: Number.POSITIVE_INFINITY }).filter(
      ({ deviceId }) => deviceId === device.id,
    );
    if (own.length === 0) return 'none';
    const isSame = readings.every((sent) =>
      own.some(
        ({ metric, value, flags, epoch }) =>
          metric === sent.metric &&
          value === sent.value &&
          flags === sent.flags &&
          epoch === RECEIPT_EPOCH,
      ),
    );
    return isSame && own.length === readings.length ? 'same' : 'other';
  }

  #takeIn({ device, stampMs, readings }: Posted): Promise<TakenIn> {
    const { intake, nowMs } = this.#ports;
    const receivedMs = nowMs();
    const reported = readings.map(({ metric, value, flags }) => ({
      ...{ metric: metric.key, value, unit: metric.unit, flags, stampMs },
    }));
    const decoded = { kind: 'readings', readings: reported, ...BY_WHO_POSTS } as const;
    const bytes = Buffer.from(JSON.stringify({ stampMs, reported }));
    const message = { device, door: 'fhir', bytes, receivedMs, decoded, waits: true };
    return new Promise((resolve) => takeIn(message, intake, resolve));
  }

  #told(posted: Posted): Answer<Done> | undefined {
    const [told] = observationTexts(placed(posted), this.#ports.devices.linksOf);
    return (
      told && {
        ok: true,
        value: { status: 201, document: documentOfReading(told, posted.subjectId) },
      }
    );
  }
}

/** Most that are posted name no device, and cost no more than this look. */
function isOfDevice(resource: Resource): resource is Observation {
  const isNew = resource.resourceType === 'Observation' && resource.id === undefined;
  return isNew && resource.device !== undefined;
}

function isOfNow(
  { isDisabled }: RegisteredDevice,
  { stampMs }: Extract<Verdict, { kind: 'readings' }>,
  nowMs: number,
): boolean {
  return !isDisabled && stampMs <= nowMs && stampMs > nowMs - RECENT_MS;
}

function isPlausible({ metric, value, flags }: ObservedReading): boolean {
  const { low, high } = metric.plausible;
  return isOneSided(flags) || (value >= low && value <= high);
}

/** As they will be found. */
function placed({ device, subjectId, stampMs, readings }: Posted): PlacedReading[] {
  const at = { epoch: RECEIPT_EPOCH, stampMs, timeMs: stampMs };
  const of = { subjectId, deviceId: device.id, ...at };
  return readings.map((reading) => ({ ...of, ...reading }));
}

/**
 * What a server says of a resource by itself is not the sender's to say, the display of a code is known to
 * whoever knows the code, and one moment is written in one way.
 */
function asTold({ meta, effectiveDateTime = '', ...observation }: Observation): object {
  const { versionId: _version, lastUpdated: _updated, ...own } = meta ?? {};
  const isUtc = /(?:Z|[+-]00:00)$/.test(effectiveDateTime);
  const at = isUtc ? new Date(effectiveDateTime).toISOString() : effectiveDateTime;
  const sent = { ...observation, ...(Object.keys(own).length > 0 && { meta: own }) };
  return { ...withoutDisplays(sent), effectiveDateTime: at };
}

function withoutDisplays(value: object): object {
  const isCoding = 'code' in value && 'system' in value;
  const kept = Object.entries(value).filter(([key]) => key !== 'display' || !isCoding);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutDisplaysIn(one)]));
}

function withoutDisplaysIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDisplaysIn);
  return typeof value === 'object' && value !== null ? withoutDisplays(value) : value;
}
