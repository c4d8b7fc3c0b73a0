import { createHash, timingSafeEqual } from 'node:crypto';
import type { RegisteredDevice } from './known-device.ts';
import type { Registry } from './registry.ts';

/** A device proves itself by its token; an unknown id and a wrong token look the same. */
export function deviceFinder(
  registry: Registry,
): (id: string, token: string) => RegisteredDevice | undefined {
  return (id, token) => {
    const device = registry.devices.get(id);
    const hash = createHash('sha256').update(token).digest();
    if (device === undefined || !timingSafeEqual(hash, device.tokenHash)) return undefined;
    return device.isDisabled ? undefined : device;
  };
}
