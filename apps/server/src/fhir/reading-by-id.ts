/**
 * One reading as an Observation, by the id that searches tell it under. The id names the device by a hash,
 * the clock epoch and the stamp; whose it is stands with the reading, and may have changed since.
 */
import { metricKeysOfId } from '@ausculta/fhir/observation';
import { observationTexts } from '@ausculta/fhir/observation-text';
import { parseReadingId, type ReadingKey } from '@ausculta/fhir/reading-id';
import { parseWaveformId } from '@ausculta/fhir/waveform-observation';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Answer, UNREADABLE } from './answer.ts';
import type { DevicesById } from './devices-by-id.ts';
import type { FhirDocument } from './document.ts';
import { documentOfReading, inOrder } from './reading-pages.ts';
import { waveformById } from './waveforms.ts';

export interface ReadingPorts {
  readonly registry: Pick<Registry, 'offsetsOf'>;
  readonly devices: Pick<DevicesById, 'byTag' | 'linksOf'>;
  readonly telemetry: Pick<Telemetry, 'range' | 'waveformsBySeries'>;
}

export class ReadingsById {
  readonly #ports: ReadingPorts;

  constructor(ports: ReadingPorts) {
    this.#ports = ports;
  }

  /** Whether it is the id of a reading of a device here: no document may take it. */
  isOne(organisationId: OrganisationId, id: string): boolean {
    const key = parseReadingId(id);
    return key === undefined
      ? this.#isWaveform(organisationId, id)
      : this.#deviceOf(organisationId, key) !== undefined;
  }

  /** Undefined where there is no such reading. */
  async read(
    organisationId: OrganisationId,
    id: string,
  ): Promise<Answer<FhirDocument> | undefined> {
    const { registry, telemetry, devices } = this.#ports;
    const key = parseReadingId(id);
    if (key === undefined) return await this.#waveform(organisationId, id);
    const device = this.#deviceOf(organisationId, key);
    if (device === undefined) return undefined;
    const { epoch, stampMs } = key;
    const atMs = stampMs + registry.offsetsOf({ deviceId: device.id, epoch }).at(stampMs);
    const span = { fromMs: atMs, toMs: atMs + 1, metrics: metricKeysOfId(key.name) };
    let isUnreadable = false;
    for (const subjectId of new Set(device.wearers.map((one) => one.subjectId))) {
      const unreadable: Parameters<Telemetry['range']>[0]['unreadable'] = [];
      const ranges = await telemetry.range({ subjectId, ...span, unreadable });
      const placed = inOrder(ranges, { newestFirst: false, wanted: Number.POSITIVE_INFINITY });
      const own = placed.filter((one) => one.deviceId === device.id && isOf(key, one));
      const [told] = observationTexts(own, devices.linksOf);
      if (told !== undefined) return { ok: true, value: documentOfReading(told, subjectId) };
      isUnreadable ||= unreadable.length > 0;
    }
    return isUnreadable ? UNREADABLE : undefined;
  }

  #isWaveform(organisationId: OrganisationId, id: string): boolean {
    const key = parseWaveformId(id);
    return key !== undefined && this.#deviceOf(organisationId, key) !== undefined;
  }

  #waveform(organisationId: OrganisationId, id: string): ReturnType<typeof waveformById> {
    const { devices, ...ports } = this.#ports;
    const { linksOf } = devices;
    const deviceOf = devices.byTag.bind(devices);
    return waveformById({ ...ports, linksOf, deviceOf }, organisationId, id);
  }

  #deviceOf(
    organisationId: OrganisationId,
    { device: tag }: Pick<ReadingKey, 'device'>,
  ): RegisteredDevice | undefined {
    return this.#ports.devices.byTag(organisationId, tag);
  }
}

function isOf(key: ReadingKey, one: Pick<ReadingKey, 'epoch' | 'stampMs'>): boolean {
  return one.epoch === key.epoch && one.stampMs === key.stampMs;
}
