import { z } from 'zod';

/** A public key of a client (RFC 7517). Its secret half has no business here, and is refused. */
const PublicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC']), kid: z.string().max(200).optional() })
  .refine((key) => !('d' in key || 'k' in key), 'only the public half');

const KeySet = z.strictObject({ keys: z.array(PublicKey).min(1).max(10) });

const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u);

/** A program that comes with access tokens of its own (SMART Backend Services). */
export const NewProgram = z.strictObject({
  kind: z.literal('program').optional(),
  name: Name,
  roles: z.array(z.string().max(40)).min(1).max(10),
  /** SMART scopes of the kind `system/Observation.rs`. */
  scope: z.string().min(1).max(4000),
  jwks: KeySet,
});
export type NewProgram = z.infer<typeof NewProgram>;

/** An app that people let act for them (SMART App Launch). */
export const NewApp = z.strictObject({
  kind: z.literal('app'),
  name: Name,
  /** All that it may ask for: `launch/patient patient/Observation.rs openid fhirUser offline_access`. */
  scope: z.string().min(1).max(4000),
  /** Where a person is sent back to, to the letter. None: it has no page, and shows a code. */
  redirectUris: z.array(z.string().min(1).max(1000)).max(10),
  /** Where the workspace opens it for a patient. */
  launchUrl: z.string().max(1000).optional(),
  /** Without keys it keeps no secret, as an app on a phone or in a browser. */
  jwks: KeySet.optional(),
});
export type NewApp = z.infer<typeof NewApp>;

/** POST /api/clients */
export const NewClient = z.union([NewApp, NewProgram]);
export type NewClient = z.infer<typeof NewClient>;

export const ClientView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['program', 'app']),
  roles: z.array(z.string()),
  scope: z.string(),
  redirectUris: z.array(z.string()),
  launchUrl: z.string().nullable(),
  isDisabled: z.boolean(),
});
export type ClientView = z.infer<typeof ClientView>;

/** GET /api/clients */
export const ClientList = z.object({ clients: z.array(ClientView) });
export type ClientList = z.infer<typeof ClientList>;
