import { z } from 'zod';
import { LoginName } from './session.ts';

/** A person who signs in, as administrators see them. */
export const AccountView = z.object({
  id: z.string(),
  loginName: z.string(),
  displayName: z.string(),
  roles: z.array(z.string()),
  isDisabled: z.boolean(),
  /** False until the first link was followed. */
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  passkeys: z.number(),
  /** Issuers at which an account of elsewhere is linked: the providers, and not whom they know. */
  signOnIssuers: z.array(z.string()),
  /** Of sessions that still last. */
  lastSeenAt: z.string().nullable(),
});
export type AccountView = z.infer<typeof AccountView>;

/** GET /api/accounts */
export const AccountList = z.object({ accounts: z.array(AccountView) });
export type AccountList = z.infer<typeof AccountList>;

const Roles = z.array(z.string().max(40)).min(1).max(10);

/** POST /api/accounts */
export const NewAccount = z.strictObject({
  loginName: LoginName,
  displayName: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^\P{Cc}+$/u),
  roles: Roles,
});
export type NewAccount = z.infer<typeof NewAccount>;

/** POST /api/accounts/:id/roles */
export const NewRoles = z.strictObject({ roles: Roles });

/** POST /api/accounts/:id/link */
export const NewLink = z.strictObject({
  /** The second factor is lost as well: it goes when the link is used, and so do links to accounts elsewhere. */
  resetsFactors: z.boolean().default(false),
});

/** A link that works once; its secret is behind the #, which no browser sends to anybody. */
export const SignInLink = z.object({
  account: AccountView,
  path: z.string(),
  expiresAt: z.string(),
});
export type SignInLink = z.infer<typeof SignInLink>;

/** POST /api/sign-in-link/look, for whoever holds the link: whose it is. Nothing is used up by it. */
export const LinkLook = z.strictObject({ token: z.string().min(1).max(100) });

export const LinkOwner = z.object({
  loginName: z.string(),
  displayName: z.string(),
  organisationName: z.string(),
  /** A code of the second factor is asked for beside the link. */
  needsCode: z.boolean(),
});
export type LinkOwner = z.infer<typeof LinkOwner>;

/** POST /api/sign-in-link: sets the password, ends every other session and signs in. */
export const LinkUse = z.strictObject({
  token: z.string().min(1).max(100),
  password: z.string().min(1).max(200),
  code: z.string().max(40).optional(),
});
export type LinkUse = z.infer<typeof LinkUse>;
