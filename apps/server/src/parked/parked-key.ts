import type { Registry } from '../devices/registry.ts';
import type { Vault } from '../vault/vault.ts';
import type { ParkingPorts } from './parking.ts';

/**
 * A parked message is sealed for who wears its device, as far as anybody can tell; one that names
 * somebody else, or nobody known, with the key of its day.
 */
export function parkedKeyOf(registry: Registry, vault: Vault): ParkingPorts['keyOf'] {
  return ({ organisationId, deviceId, receivedMs, faults }) => {
    const isOthers = faults.some(({ fault }) => fault.code === 'PATIENT_DIFFERS');
    const wearer = registry.devices.get(deviceId)?.wearerNow(receivedMs);
    const subjectId = isOthers ? undefined : wearer;
    const seal = subjectId === undefined ? undefined : vault.sealOf(subjectId);
    return seal === undefined
      ? { subjectId: undefined, seal: vault.parkedSeal(organisationId, receivedMs) }
      : { subjectId, seal };
  };
}
