/** What measures, as a FHIR R4 Device: what the registry knows of it, and who wears it now. */
import type { DeviceAbout } from '@ausculta/vitals/device';
import type { CodeableConcept, Device, Identifier } from '@medplum/fhirtypes';
import { deviceTag } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

export interface KnownToRegistry extends DeviceAbout {
  readonly id: string;
  readonly model: string;
  readonly isDisabled: boolean;
  /** Undefined: nobody. */
  readonly wornBy: string | undefined;
}

/** Its id is a hash, since its own name may be longer than an id can be; its name is its identifier. */
export function toDevice(known: KnownToRegistry): Device {
  const { id, model, isDisabled, wornBy, kind, manufacturer, serialNumber, systemId } = known;
  return {
    resourceType: 'Device',
    id: deviceTag(id),
    identifier: [
      { system: SYSTEM.DEVICE, value: id },
      ...(systemId === undefined ? [] : [systemIdentifier(systemId)]),
    ],
    status: isDisabled ? 'inactive' : 'active',
    ...(manufacturer !== undefined && { manufacturer }),
    ...(serialNumber !== undefined && { serialNumber }),
    ...(model !== '' && { deviceName: [{ name: model, type: 'model-name' }] }),
    ...(kind !== undefined && model !== '' && { modelNumber: model }),
    ...(kind !== undefined && { type: TYPES[kind] }),
    ...(wornBy !== undefined && { patient: { reference: `Patient/${wornBy}` } }),
  };
}

/** IEEE 11073-10101: MDC_MOC_VMS_MDS_SIMP, MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS, MDC_MOC_VMS_MDS_AHD. */
const TYPES = {
  personal: typeOf('65573', 'Personal health device'),
  'point-of-care': typeOf('69965', 'Device at the point of care'),
} as const;
const GATEWAY_TYPE = typeOf('531981', 'Personal health gateway');

function typeOf(code: string, text: string): CodeableConcept {
  return { coding: [{ system: SYSTEM.MDC, code }], text };
}

/** HL7's PHD guide, PhdDevice.identifier: an EUI-64 in pairs of digits. */
function systemIdentifier(systemId: string): Identifier {
  return {
    type: { coding: [{ system: SYSTEM.CONTINUA_IDENTIFIER, code: 'SYSID' }] },
    system: SYSTEM.EUI_64,
    value: (systemId.match(/../g) ?? []).join('-'),
  };
}

/** No device can have this name: a slash is not allowed in them. */
const GATEWAY = '/gateway';
export const GATEWAY_ID = deviceTag(GATEWAY);

/** This server, which passes on what personal devices measure. */
export function toGateway(): Device {
  return {
    resourceType: 'Device',
    id: GATEWAY_ID,
    identifier: [{ system: SYSTEM.GATEWAY, value: 'ausculta' }],
    status: 'active',
    deviceName: [{ name: 'Ausculta', type: 'user-friendly-name' }],
    type: GATEWAY_TYPE,
  };
}
