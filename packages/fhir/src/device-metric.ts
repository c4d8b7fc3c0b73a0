/**
 * What a device measures, as FHIR R4 DeviceMetrics: one for each metric that it has sent, and one for all
 * pressures of a cuff. Their ids are made of the device and the metric, so that nobody has to keep them.
 */

import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import type { DeviceKind } from '@ausculta/vitals/device';
import type { Metric } from '@ausculta/vitals/metric';
import type { Coding, DeviceMetric } from '@medplum/fhirtypes';
import { GATEWAY_ID } from './device.ts';
import { codingsOf, type DeviceLinks, isCuffPressure, measurementName } from './observation.ts';
import { deviceTag } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

export interface MeasuringDevice {
  readonly id: string;
  readonly kind: DeviceKind | undefined;
  readonly isDisabled: boolean;
  /** Those that it has sent, in any order; one may come twice. */
  readonly metrics: Iterable<Metric>;
}

/** In the order of their ids. */
export function toDeviceMetrics(device: MeasuringDevice): DeviceMetric[] {
  const byName = new Map<string, Metric>();
  for (const metric of device.metrics) byName.set(measurementName(metric), metric);
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, metric]) => toDeviceMetric(device, name, metric));
}

function toDeviceMetric(
  { id, kind, isDisabled }: MeasuringDevice,
  name: string,
  metric: Metric,
): DeviceMetric {
  const source = { reference: `Device/${deviceTag(id)}` };
  const isOfCare = kind === 'point-of-care';
  return {
    resourceType: 'DeviceMetric',
    id: metricIdOf(id, name),
    identifier: [{ system: SYSTEM.DEVICE, value: `${id}/${name}` }],
    type: isCuffPressure(metric)
      ? { coding: PRESSURES, text: 'Blood pressure (cuff)' }
      : { coding: codingsOf(metric), text: metric.label },
    ...(metric.unit !== '' && {
      unit: { coding: [{ system: SYSTEM.UCUM, code: metric.unit }], text: metric.unit },
    }),
    source,
    ...(isOfCare && { operationalStatus: isDisabled ? 'off' : 'on' }),
    category: categoryOf(kind, metric),
  };
}

const PRESSURES: Coding[] = [
  { system: SYSTEM.LOINC, code: BLOOD_PRESSURE_PANEL.loinc },
  { system: SYSTEM.MDC, code: String(BLOOD_PRESSURE_PANEL.mdc.code) },
];

/** HL7's PHD guide leaves it open until it is known; a monitor's numbers are what it measures. */
function categoryOf(
  kind: DeviceKind | undefined,
  metric: Metric,
): 'setting' | 'measurement' | 'unspecified' {
  if (metric.kind === 'setting') return 'setting';
  return kind === 'personal' ? 'unspecified' : 'measurement';
}

/** 47 letters at most; FHIR allows 64. */
function metricIdOf(deviceId: string, name: string): string {
  return `${deviceTag(deviceId)}.${name}`;
}

/** How its readings name a device: by HL7's guides, where it is known which of them is meant. */
export function linksOfDevice(
  { id, kind }: Pick<MeasuringDevice, 'id' | 'kind'>,
  metric: Metric,
): DeviceLinks | undefined {
  switch (kind) {
    case undefined:
      return undefined;
    case 'personal':
      return {
        device: { reference: `Device/${deviceTag(id)}` },
        personal: { gateway: { reference: `Device/${GATEWAY_ID}` } },
      };
    case 'point-of-care':
      return { device: { reference: `DeviceMetric/${metricIdOf(id, measurementName(metric))}` } };
    default:
      return kind satisfies never;
  }
}
