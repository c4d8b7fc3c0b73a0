import {
  type CertificateRevocation,
  ClaimMade,
  DeviceIdentityView,
} from '@ausculta/contract/device-identity';
import { DeviceCreated } from '@ausculta/contract/subjects';
import { queryOptions } from '@tanstack/react-query';
import { askJson } from './client.ts';

const pathOf = (id: string): string => `/api/devices/${encodeURIComponent(id)}`;

/** By what it proves itself; while somebody waits for it to come, asked every other second. */
export function identityQuery(id: string, isAwaited = false) {
  return queryOptions({
    queryKey: ['device', id, 'identity'],
    refetchInterval: isAwaited ? 2_000 : 30_000,
    queryFn: ({ signal }) => askJson(`${pathOf(id)}/identity`, DeviceIdentityView, { signal }),
  });
}

export function makeClaim(id: string, hours: number): Promise<ClaimMade> {
  return askJson(`${pathOf(id)}/claim`, ClaimMade, { method: 'POST', body: { hours } });
}

/** In the register, worn by nobody. Its token is not used: it comes by its code. */
export async function registerDevice(device: { id: string; model?: string }): Promise<void> {
  const body = { ...device, subjectId: null };
  await askJson('/api/devices', DeviceCreated, { method: 'POST', body });
}

export function revokeCertificate(
  id: string,
  serial: string,
  body: CertificateRevocation,
): Promise<DeviceIdentityView> {
  const path = `${pathOf(id)}/certificates/${encodeURIComponent(serial)}/revocation`;
  return askJson(path, DeviceIdentityView, { method: 'POST', body });
}
