/**
 * Who a device is: by its certificate, or else by its token. A certificate that is shown has to be
 * good: no token makes up for a bad one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BY_TOKEN, type RegisteredDevice } from '../devices/known-device.ts';
import type { Certificates } from './certificates.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { Refusals, RefusedBecause } from './refusals.ts';

/** What somebody shows at a door. */
export interface Shown {
  /** The device that it says it is, once or more. */
  readonly names: readonly string[];
  readonly token: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  readonly door: string;
  readonly address: string;
}

export interface SignedIn {
  readonly device: RegisteredDevice;
  /** The certificate's SHA-256 in hexadecimal digits, or BY_TOKEN. */
  readonly credential: string;
  /** From then on the credential opens nothing. */
  readonly untilMs: number;
}

export interface DeviceSignInPorts {
  readonly devices: ReadonlyMap<string, RegisteredDevice>;
  readonly certificates: Pick<Certificates, 'standing'>;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly nowMs: () => number;
}

export type DeviceSignIn = (shown: Shown) => SignedIn | undefined;

export function deviceSignIn(ports: DeviceSignInPorts): DeviceSignIn {
  return (shown) => {
    const outcome =
      shown.certificate === undefined
        ? byToken(shown, ports)
        : byCertificate(shown.certificate, shown, ports);
    if ('device' in outcome) return outcome;
    const { because, deviceId } = outcome;
    const device = deviceId === undefined ? undefined : ports.devices.get(deviceId);
    if (device !== undefined) {
      const { door, address } = shown;
      ports.refusals.note(device, { because, door, address });
    }
    return undefined;
  };
}

interface NotIn {
  readonly because: RefusedBecause;
  /** In whose life it is written down. */
  readonly deviceId: string | undefined;
}

function byCertificate(
  certificate: ClientCertificate,
  { names }: Shown,
  { certificates, nowMs }: DeviceSignInPorts,
): SignedIn | NotIn {
  const { fault, fingerprint, name } = certificate;
  const claimed = names[0] ?? name;
  if (fault !== undefined) return { because: fault, deviceId: claimed };
  const standing = certificates.standing(fingerprint, nowMs());
  if (!standing.isGood)
    return { because: standing.because, deviceId: standing.deviceId ?? claimed };
  const { device, row } = standing;
  // In the life of whose certificate it is: it may have been stolen from there.
  if (names.some((one) => one !== device.id) || name !== device.id)
    return { because: 'other-name', deviceId: device.id };
  return { device, credential: fingerprint, untilMs: row.until_ms };
}

/** An unknown id and a wrong token look the same from outside. */
function byToken(
  { names: [id = ''], token }: Shown,
  { devices }: DeviceSignInPorts,
): SignedIn | NotIn {
  if (token === undefined) return { because: 'wrong-token', deviceId: undefined };
  const device = devices.get(id);
  const hash = createHash('sha256').update(token).digest();
  if (device === undefined || !timingSafeEqual(hash, device.tokenHash))
    return { because: 'wrong-token', deviceId: device?.id };
  if (device.isDisabled) return { because: 'out-of-use', deviceId: device.id };
  return { device, credential: BY_TOKEN, untilMs: Number.POSITIVE_INFINITY };
}
