// Messages of a hundred readings: twenty moments of the five vitals, as a gateway sends them.
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeReport } from '@ausculta/blocks/report-block';
import { encodeSenml } from '@ausculta/codecs/senml';
import { publishPacket } from './packets.ts';
import { SENT_METRICS, sentValue } from './values.ts';

export type DenseForm = 'senml' | 'report';

export const MOMENTS_PER_MESSAGE = 20;
export const READINGS_PER_MESSAGE = MOMENTS_PER_MESSAGE * SENT_METRICS.length;

export interface Moments {
  readonly device: number;
  /** Of the first; the others follow. */
  readonly sequence: number;
  readonly stampsMs: Float64Array;
}

/** A PUBLISH with all of them. */
export function densePacket(
  deviceId: string,
  packetId: number,
  { form, moments }: { readonly form: DenseForm; readonly moments: Moments },
): Buffer {
  const payload = form === 'senml' ? senmlOf(deviceId, moments) : reportOf(moments);
  return publishPacket(deviceId, packetId, payload);
}

function senmlOf(deviceId: string, { device, sequence, stampsMs }: Moments): Uint8Array {
  const readings = [...stampsMs].flatMap((stampMs, moment) =>
    SENT_METRICS.map(({ key }, metric) => ({
      metric: key,
      stampMs,
      value: sentValue(device, sequence + moment, metric),
      flags: 0,
    })),
  );
  return encodeSenml(readings, { baseName: `${deviceId}:` });
}

function reportOf({ device, sequence, stampsMs }: Moments): Uint8Array {
  const flags = new Uint8Array(stampsMs.length);
  const series = SENT_METRICS.map(({ key }, metric) => ({
    metric: key,
    stampsMs,
    values: stampsMs.map((_, moment) => sentValue(device, sequence + moment, metric)),
    flags,
  }));
  const report = encodeReport({ series }, NO_COMPRESSION);
  if (!report.ok) throw new Error(report.fault.detail ?? report.fault.code);
  return report.value;
}
