import { z } from 'zod';

/** A public key of a client (RFC 7517). Its secret half has no business here, and is refused. */
const PublicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC']), kid: z.string().max(200).optional() })
  .refine((key) => !('d' in key || 'k' in key), 'only the public half');

/** POST /api/clients: a program that comes with access tokens of its own (SMART Backend Services). */
export const NewClient = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}+$/u),
  roles: z.array(z.string().max(40)).min(1).max(10),
  /** SMART scopes of the kind `system/Observation.rs`. */
  scope: z.string().min(1).max(4000),
  jwks: z.strictObject({ keys: z.array(PublicKey).min(1).max(10) }),
});
export type NewClient = z.infer<typeof NewClient>;

export const ClientView = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  scope: z.string(),
  isDisabled: z.boolean(),
});
export type ClientView = z.infer<typeof ClientView>;

/** GET /api/clients */
export const ClientList = z.object({ clients: z.array(ClientView) });
export type ClientList = z.infer<typeof ClientList>;
