/** By what a device proves who it is. */
import { z } from 'zod';

const Iso = z.string();

/** POST /api/devices/{id}/claim: a code for the device's first certificate. */
export const NewClaim = z.strictObject({ hours: z.int().min(1).max(168).default(24) });
export type NewClaim = z.infer<typeof NewClaim>;

/** The code is answered once, here. */
export const ClaimMade = z.object({
  device: z.string(),
  code: z.string(),
  until: Iso,
  /** Somebody wears it now: when it comes with the code, what it proved itself with so far opens nothing. */
  isWorn: z.boolean(),
});
export type ClaimMade = z.infer<typeof ClaimMade>;

export const CertificateView = z.object({
  serial: z.string(),
  /** SHA-256 in hexadecimal digits. */
  fingerprint: z.string(),
  madeBy: z.enum(['claim', 'renewal']),
  from: Iso,
  until: Iso,
  revoked: z
    .object({ at: Iso, because: z.enum(['compromised', 'superseded', 'withdrawn']) })
    .nullable(),
});
export type CertificateView = z.infer<typeof CertificateView>;

/** What happened to a device's identity, the newest first: who was refused under its name, and the like. */
export const IdentityEvent = z.object({
  at: Iso,
  act: z.string(),
  because: z.string().nullable(),
  door: z.string().nullable(),
});
export type IdentityEvent = z.infer<typeof IdentityEvent>;

/** GET /api/devices/{id}/identity. */
export const DeviceIdentityView = z.object({
  device: z.string(),
  /** Those in time, the oldest first. */
  certificates: z.array(CertificateView),
  /** Until when it may be claimed; null: nobody has made a code, or it was used. */
  claimUntil: Iso.nullable(),
  events: z.array(IdentityEvent),
});
export type DeviceIdentityView = z.infer<typeof DeviceIdentityView>;

/** POST /api/devices/{id}/certificates/{serial}/revocation. */
export const CertificateRevocation = z.strictObject({
  because: z.enum(['compromised', 'withdrawn']),
  /** Who wears it now, and may lose monitoring by it: the caller shows to have seen that. Null: nobody. */
  wornBy: z.string().nullable(),
});
export type CertificateRevocation = z.infer<typeof CertificateRevocation>;
