import { z } from 'zod';

/** GET /api/me: what a person knows and sets of their own account. */
export const MyAccount = z.object({
  loginName: z.string(),
  displayName: z.string(),
  hasSecondFactor: z.boolean(),
  recoveryCodesLeft: z.number(),
});
export type MyAccount = z.infer<typeof MyAccount>;

/** POST /api/me/password */
export const PasswordChange = z.strictObject({ password: z.string().min(1).max(200) });

/** POST /api/me/second-factor/begin: for an app, as a picture of the address or typed. Shown once. */
export const NewSecondFactor = z.object({ secret: z.string(), uri: z.string() });
export type NewSecondFactor = z.infer<typeof NewSecondFactor>;

/** POST /api/me/second-factor: a code that the app shows. */
export const CodeShown = z.strictObject({ code: z.string().min(6).max(20) });

/** Each works once in place of a code; shown once. */
export const RecoveryCodes = z.object({ codes: z.array(z.string()) });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;

/** GET /api/me/sessions */
export const SessionList = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      method: z.enum(['password', 'code', 'recovery-code', 'passkey', 'link', 'provider']),
      browser: z.string(),
      beganAt: z.string(),
      lastSeenAt: z.string(),
      /** The one that asks. */
      isThis: z.boolean(),
    }),
  ),
});
export type SessionList = z.infer<typeof SessionList>;

/** What a browser's own code makes and checks (WebAuthn); its form is the library's on either side. */
const Ceremony = z.record(z.string(), z.unknown());

/** POST /api/me/passkeys/begin and /api/session/passkey/begin */
export const CeremonyBegun = z.object({ options: Ceremony });
export type CeremonyBegun = z.infer<typeof CeremonyBegun>;

/** POST /api/me/passkeys */
export const NewPasskey = z.strictObject({
  label: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .regex(/^\P{Cc}+$/u),
  response: Ceremony,
});
export type NewPasskey = z.infer<typeof NewPasskey>;

/** POST /api/session/passkey, for anybody, and /api/session/proof/passkey */
export const PasskeyShown = z.strictObject({ response: Ceremony });

/** GET /api/me/passkeys */
export const PasskeyList = z.object({
  passkeys: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      addedAt: z.string(),
      usedAt: z.string().nullable(),
    }),
  ),
});
export type PasskeyList = z.infer<typeof PasskeyList>;
