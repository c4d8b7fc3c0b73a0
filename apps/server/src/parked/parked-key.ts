import type { Registry } from '../devices/registry.ts';
import type { Vault } from '../vault/vault.ts';
import type { ParkingPorts } from './parking.ts';

/** A parked message is sealed for who wears its device, as far as anybody can tell. */
export function parkedKeyOf(registry: Registry, vault: Vault): ParkingPorts['keyOf'] {
  return ({ organisationId, deviceId, receivedMs }) => {
    const subjectId = registry.devices.get(deviceId)?.wearerNow(receivedMs);
    const seal = subjectId === undefined ? undefined : vault.sealOf(subjectId);
    return seal === undefined
      ? { subjectId: undefined, seal: vault.organisationSeal(organisationId) }
      : { subjectId, seal };
  };
}
