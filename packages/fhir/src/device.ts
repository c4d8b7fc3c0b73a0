/** What measures, as a FHIR R4 Device: what the registry knows of it, and who wears it now. */
import type { Device } from '@medplum/fhirtypes';
import { deviceTag } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

export interface KnownToRegistry {
  readonly id: string;
  readonly model: string;
  readonly isDisabled: boolean;
  /** Undefined: nobody. */
  readonly wornBy: string | undefined;
}

/** Its id is a hash, since its own name may be longer than an id can be; its name is its identifier. */
export function toDevice({ id, model, isDisabled, wornBy }: KnownToRegistry): Device {
  return {
    resourceType: 'Device',
    id: deviceTag(id),
    identifier: [{ system: SYSTEM.DEVICE, value: id }],
    status: isDisabled ? 'inactive' : 'active',
    ...(model !== '' && { deviceName: [{ name: model, type: 'model-name' }] }),
    ...(wornBy !== undefined && { patient: { reference: `Patient/${wornBy}` } }),
  };
}
