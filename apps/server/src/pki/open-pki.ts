/** The identity of devices, on the parts of the server. */
import type { Registry } from '../devices/registry.ts';
import { Authorities, type AuthorityPorts } from './authorities.ts';
import { Certificates } from './certificates.ts';
import { ClaimCodes } from './claim-codes.ts';
import { type DeviceSignIn, deviceSignIn } from './device-sign-in.ts';
import { Enrolment } from './enrolment.ts';
import { Refusals } from './refusals.ts';
import { readCertificates, readClaims } from './store.ts';

export interface PkiPorts extends AuthorityPorts {
  readonly registry: Pick<Registry, 'devices'>;
  readonly certificateDays: number;
  readonly onProblem: (what: string, error: unknown) => void;
}

export interface Pki {
  readonly authorities: Authorities;
  readonly certificates: Certificates;
  readonly claimCodes: ClaimCodes;
  readonly enrolment: Enrolment;
  readonly refusals: Refusals;
  readonly signIn: DeviceSignIn;
  /** Lets go of what has had its time. */
  readonly tidy: () => void;
}

export async function openPki(ports: PkiPorts): Promise<Pki> {
  const { sql, nowMs, registry } = ports;
  const { devices } = registry;
  const authorities = await Authorities.open(ports);
  const certificates = new Certificates(devices, await readCertificates(sql, nowMs()));
  const claimCodes = new ClaimCodes(await readClaims(sql, nowMs()));
  const refusals = new Refusals(ports);
  const enrolment = new Enrolment({ ...ports, authorities, certificates, claimCodes });
  const signIn = deviceSignIn({ devices, certificates, refusals, nowMs });
  return {
    ...{ authorities, certificates, claimCodes, enrolment, refusals, signIn },
    tidy: () => {
      const now = nowMs();
      for (const one of [certificates, claimCodes]) one.forgetExpired(now);
      refusals.forgetOld(now);
    },
  };
}
