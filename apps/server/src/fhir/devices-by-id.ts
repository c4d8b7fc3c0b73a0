/** Devices of the registry as FHIR has them: found by the hash that stands for their name in ids. */
import { toDevice } from '@ausculta/fhir/device';
import { deviceTag } from '@ausculta/fhir/reading-id';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { FhirDocument } from './document.ts';

export const DEVICE = 'Device';

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

  /** Another version for each thing that the registry says of it. */
  tell(device: RegisteredDevice): ToldDevice {
    const { id, model, isDisabled } = device;
    const wornBy = device.wearerNow(this.#nowMs());
    const { resourceType, id: tag, ...rest } = toDevice({ id, model, isDisabled, wornBy });
    const versionId = `0.${sha256Hex(JSON.stringify(rest)).slice(0, 16)}`;
    const resource = { resourceType, id: tag ?? '', meta: { versionId }, ...rest };
    const own = { type: DEVICE, id: resource.id, versionId, updatedMs: undefined };
    return { ...own, text: JSON.stringify(resource), resource };
  }

  #learn(devices: Iterable<RegisteredDevice>): void {
    for (const { id } of devices) {
      if (this.#known.has(id)) continue;
      this.#known.add(id);
      this.#byTag.set(deviceTag(id), id);
    }
  }
}
