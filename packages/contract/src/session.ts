import { z } from 'zod';

/** POST /api/session: signs a person in; the answer sets the session cookie. */
export const SignIn = z.strictObject({
  /** No control characters: a name with U+0000 could not even be looked up. */
  loginName: z
    .string()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}+$/u),
  password: z.string().min(1).max(200),
});
export type SignIn = z.infer<typeof SignIn>;

/** GET /api/sign-in, for anybody: what a newcomer needs. Only a demo of invented patients has a login to tell. */
export const SignInInfo = z.object({
  demoLogin: z.object({ loginName: z.string(), password: z.string() }).nullable(),
});
export type SignInInfo = z.infer<typeof SignInInfo>;

/** GET /api/session: who is signed in, and what kind of system this is. */
export const Session = z.object({
  accountId: z.string(),
  displayName: z.string(),
  /** Words of the policy: nurse, physician, administrator. */
  roles: z.array(z.string()),
  organisationName: z.string(),
  /** True when this server replays recordings of invented patients (`npm run demo`). */
  demo: z.boolean(),
});
export type Session = z.infer<typeof Session>;
