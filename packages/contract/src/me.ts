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
      method: z.enum(['password', 'code', 'recovery-code', 'passkey', 'link']),
      browser: z.string(),
      beganAt: z.string(),
      lastSeenAt: z.string(),
      /** The one that asks. */
      isThis: z.boolean(),
    }),
  ),
});
export type SessionList = z.infer<typeof SessionList>;
