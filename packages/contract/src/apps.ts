import { z } from 'zod';

/** Apps of others that people use with their own account (SMART App Launch). */

/** GET /oidc/asking/:uid/request, POST /api/device-codes: what an app asks of the person. */
export const AppRequest = z.object({
  /** As whoever keeps accounts has named it. */
  app: z.string(),
  /** Scopes of OAuth, as the app has asked for them, as far as it may have them. */
  words: z.array(z.string()),
  /** choose: one of those whom the person may see; otherwise whose record the app was opened for. */
  patient: z.union([
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('choose') }),
    z.object({ kind: z.literal('given'), subjectId: z.string() }),
  ]),
});
export type AppRequest = z.infer<typeof AppRequest>;

/** POST /oidc/asking/:uid/grant: what the person lets it do. */
export const AppDecision = z.strictObject({
  words: z.array(z.string().max(400)).min(1).max(100),
  subjectId: z.string().max(64).optional(),
});
export type AppDecision = z.infer<typeof AppDecision>;

/** Where the browser goes then. */
export const AppAnswer = z.object({ goTo: z.string() });
export type AppAnswer = z.infer<typeof AppAnswer>;

/** POST /api/device-codes/look, /grant, /refusal: the code that another screen shows. */
export const DeviceCodeShown = z.strictObject({ code: z.string().min(4).max(40) });
export const DeviceDecision = AppDecision.extend({ code: z.string().min(4).max(40) });
export type DeviceDecision = z.infer<typeof DeviceDecision>;

/** GET /api/me/apps: whom I have let in. */
export const AppGrantList = z.object({
  apps: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      words: z.array(z.string()),
      subjectId: z.string().nullable(),
      /** Whether it ends when I sign out. */
      endsWithSession: z.boolean(),
      grantedAt: z.string(),
      expiresAt: z.string(),
    }),
  ),
});
export type AppGrantList = z.infer<typeof AppGrantList>;

/** GET /api/apps: those that can be opened for a patient. */
export const AppList = z.object({
  apps: z.array(z.object({ id: z.string(), name: z.string() })),
});
export type AppList = z.infer<typeof AppList>;

/** POST /api/launches */
export const NewLaunch = z.strictObject({
  clientId: z.string().max(64),
  subjectId: z.string().max(64),
  encounterId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/)
    .optional(),
});
export type NewLaunch = z.infer<typeof NewLaunch>;

/** The app's own address, with what it needs to begin: good once, for five minutes, for whoever asked. */
export const LaunchView = z.object({ url: z.string() });
export type LaunchView = z.infer<typeof LaunchView>;
