import { z } from 'zod';

/** A provider of accounts elsewhere (OpenID Connect), as its button is called. */
export const SignOnProvider = z.object({ name: z.string(), label: z.string() });
export type SignOnProvider = z.infer<typeof SignOnProvider>;

/** POST /api/sign-on/:provider/begin, for anybody. */
export const SignOnWanted = z.strictObject({
  /** A page of ours, to go on with. */
  next: z.string().max(500).optional(),
  /** A one-time link: its account is the one that is linked. */
  link: z
    .strictObject({ token: z.string().min(1).max(100), code: z.string().max(40).optional() })
    .optional(),
});
export type SignOnWanted = z.infer<typeof SignOnWanted>;

/** Where the browser goes next: a page of the provider. */
export const SignOnBegun = z.object({ goTo: z.string() });
export type SignOnBegun = z.infer<typeof SignOnBegun>;

/**
 * GET /api/me/sign-on: the providers of the organisation, and since when one's account is linked there; and those
 * links by which nobody comes in any more, since the operator has taken the provider out, called by its address.
 */
export const MySignOn = z.object({
  providers: z.array(
    SignOnProvider.extend({
      linkedAt: z.string().nullable(),
      usedAt: z.string().nullable(),
      isOffered: z.boolean(),
    }),
  ),
});
export type MySignOn = z.infer<typeof MySignOn>;

/** GET /api/session/proof/sign-on: by which one may unlock or prove who one is, since one is linked there. */
export const ProofBySignOn = z.object({ providers: z.array(SignOnProvider) });
export type ProofBySignOn = z.infer<typeof ProofBySignOn>;

/** What the page that a provider sends people back to is told: a word, and nothing of anybody. */
export const SIGN_ON_SAID = [
  'done',
  'refused',
  'not-linked',
  'linked-already',
  'not-asked-anew',
  'not-reached',
  'spent',
] as const;
export type SignOnSaid = (typeof SIGN_ON_SAID)[number];

export const signOnSaid = (text: unknown): SignOnSaid | undefined =>
  SIGN_ON_SAID.find((word) => word === text);
