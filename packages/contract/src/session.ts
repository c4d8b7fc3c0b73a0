import { z } from 'zod';
import { SignOnProvider } from './sign-on.ts';

/** No control characters: a name with U+0000 could not even be looked up. */
export const LoginName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u);

/** POST /api/session: signs a person in; the answer sets the session cookie. */
export const SignIn = z.strictObject({
  loginName: LoginName,
  password: z.string().min(1).max(200),
  /** Of the second factor, or a recovery code: when SECOND_FACTOR_NEEDED was answered. */
  code: z.string().max(40).optional(),
});
export type SignIn = z.infer<typeof SignIn>;

/** POST /api/session/proof: who is signed in proves once more that it is they; a locked session goes on. */
export const ProofOfSession = SignIn.omit({ loginName: true });
export type ProofOfSession = z.infer<typeof ProofOfSession>;

/** GET /api/sign-in, for anybody: what a newcomer needs. Only a demo of invented patients has a login to tell. */
export const SignInInfo = z.object({
  demoLogin: z.object({ loginName: z.string(), password: z.string() }).nullable(),
  /** By which people may sign on with an account of elsewhere. */
  providers: z.array(SignOnProvider),
});
export type SignInInfo = z.infer<typeof SignInInfo>;

/** What a screen offers to some roles only, as the policy is asked: an act, and what of. */
export const HOUSE_ACTS = [
  'administer accounts',
  'administer devices',
  'administer policy',
  'search audit',
  'search identity',
] as const;
export type HouseAct = (typeof HOUSE_ACTS)[number];

/** GET /api/session: who is signed in, and what kind of system this is. */
export const Session = z.object({
  accountId: z.string(),
  displayName: z.string(),
  /** Words of the policy: nurse, physician, administrator. */
  roles: z.array(z.string()),
  /** What the policy opens to them in this house, of nobody in particular. */
  may: z.array(z.enum(HOUSE_ACTS)),
  organisationName: z.string(),
  /** True when this server replays recordings of invented patients (`npm run demo`). */
  demo: z.boolean(),
  /** The screen locks itself when nobody has used it for so long; null: never. */
  idleLockSeconds: z.number().nullable(),
  /** Nothing is done in its person's name until they prove who they are. */
  isLocked: z.boolean(),
});
export type Session = z.infer<typeof Session>;
