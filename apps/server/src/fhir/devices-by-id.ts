/** Devices of the registry as FHIR has them: found by the hash that stands for their name in ids. */
import {
  correctionId,
  correctionObservation,
  parseCorrectionId,
} from '@ausculta/fhir/coincident-time';
import { GATEWAY_ID, toDevice, toGateway } from '@ausculta/fhir/device';
import { linksOfDevice, toDeviceMetrics } from '@ausculta/fhir/device-metric';
import { type LinksOf, linkByName } from '@ausculta/fhir/observation';
import { deviceTag } from '@ausculta/fhir/reading-id';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Device, DeviceMetric, Observation, Resource } from '@medplum/fhirtypes';
import { viewing } from '../database/viewing.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import { type DocumentName, type FhirDocument, subjectsOf } from './document.ts';

export const DEVICE = 'Device';
export const METRIC = 'DeviceMetric';

export interface ToldDevice extends FhirDocument {
  readonly text: string;
  readonly resource: Resource;
}

export class DevicesById {
  readonly #registry: Pick<Registry, 'devices' | 'devicesOf'>;
  readonly #nowMs: () => number;
  readonly #byTag = new Map<string, DeviceId>();
  readonly #known = new Set<DeviceId>();

  constructor(registry: Pick<Registry, 'devices' | 'devicesOf'>, nowMs: () => number) {
    this.#registry = registry;
    this.#nowMs = nowMs;
  }

  byTag(organisationId: OrganisationId, tag: string): RegisteredDevice | undefined {
    const { devices } = this.#registry;
    // None is ever forgotten.
    if (devices.size !== this.#known.size) this.#learn(devices.values());
    return this.byName(organisationId, this.#byTag.get(tag) ?? '');
  }

  byName(organisationId: OrganisationId, name: string): RegisteredDevice | undefined {
    const device = this.#registry.devices.get(name);
    return device?.organisationId === organisationId ? device : undefined;
  }

  wornBy(organisationId: OrganisationId, subjectId: SubjectId): RegisteredDevice[] {
    const worn = this.#registry.devicesOf(subjectId, this.#nowMs());
    return worn.filter((device) => device.organisationId === organisationId);
  }

  /** What the registry tells by this name; undefined where it knows none. */
  told(organisationId: OrganisationId, { type, id }: DocumentName): ToldDevice | undefined {
    if (type === DEVICE && id === GATEWAY_ID) return told(toGateway());
    if (type === 'Observation') return this.#correction(organisationId, id);
    if (type !== DEVICE && type !== METRIC) return undefined;
    if (!isSeenAtAll(type)) return undefined;
    const [tag = ''] = id.split('.', 1);
    const device = this.byTag(organisationId, tag);
    if (device === undefined) return undefined;
    if (type === DEVICE) return id === tag ? this.tell(device) : undefined;
    return this.metricsOf(device).find((metric) => metric.id === id);
  }

  tell(device: RegisteredDevice): ToldDevice {
    const { id, model, isDisabled, about } = device;
    const wearer = device.wearerNow(this.#nowMs());
    const wornBy = wearer && (viewing()?.sees(wearer) ?? true) ? wearer : undefined;
    return told(toDevice({ id, model, isDisabled, wornBy, ...about }));
  }

  /** What it has measured so far. */
  metricsOf(device: RegisteredDevice): ToldDevice[] {
    const { id, isDisabled, about } = device;
    const metrics = [...device.series()].map(({ metric }) => metric);
    return toDeviceMetrics({ id, isDisabled, kind: about.kind, metrics }).map(told);
  }

  /** How readings name the device that they are of, and how its clock was corrected for them. */
  readonly linksOf: LinksOf = ({ deviceId, metric, epoch, timeMs, stampMs }) => {
    const device = this.#registry.devices.get(deviceId);
    const links = linksOfDevice({ id: deviceId, kind: device?.about.kind }, metric);
    const offsetMs = timeMs - stampMs;
    if (links?.personal === undefined || offsetMs === 0) return links ?? linkByName({ deviceId });
    // One offset may be known twice of an epoch: the first time says the same.
    const marks = device?.offsetsOf(epoch).marks;
    const mark = marks?.find((one) => one.offsetMs === offsetMs);
    if (mark === undefined) return links;
    const id = correctionId({ deviceId, epoch, ...mark });
    const coincident = { reference: `Observation/${id}` };
    return { ...links, personal: { ...links.personal, coincident } };
  };

  /** What a personal device's clock showed, where it was wrong. */
  #correction(organisationId: OrganisationId, id: string): ToldDevice | undefined {
    const key = parseCorrectionId(id);
    const device = key && this.byTag(organisationId, key.device);
    if (key === undefined || device?.about.kind !== 'personal') return undefined;
    const { epoch, stampMs } = key;
    const { marks } = device.offsetsOf(epoch);
    const mark = marks.find(({ fromStampMs }) => fromStampMs === stampMs);
    if (mark === undefined || mark.offsetMs === 0) return undefined;
    return told(correctionObservation({ deviceId: device.id, epoch, ...mark }));
  }

  #learn(devices: Iterable<RegisteredDevice>): void {
    for (const { id } of devices) {
      if (this.#known.has(id)) continue;
      this.#known.add(id);
      this.#byTag.set(deviceTag(id), id);
    }
  }
}

/** A batch or a question by GraphQL asks for a type that its route did not name. */
export function isSeenAtAll(type: typeof DEVICE | typeof METRIC): boolean {
  return viewing()?.seesDocument({ type, id: '', subjectId: null, text: '{}' }) ?? true;
}

/** Another version for each thing that the registry says of it. */
function told(made: Device | DeviceMetric | Observation): ToldDevice {
  const { resourceType, id = '', meta, ...rest } = made;
  const versionId = `0.${sha256Hex(JSON.stringify(rest)).slice(0, 16)}`;
  const resource = { resourceType, id, meta: { versionId, ...meta }, ...rest } as typeof made;
  const own = { type: resourceType, id, versionId, updatedMs: undefined };
  const text = JSON.stringify(resource);
  return { ...own, text, resource, subjectIds: subjectsOf(null, text) };
}
