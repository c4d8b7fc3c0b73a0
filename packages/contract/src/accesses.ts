import { z } from 'zod';

/** One look at a record: who, by what way, when and why; never what was asked or answered. */
export const Access = z.object({
  at: z.string(),
  /** An account, or `token-…` of a program. */
  who: z.string(),
  /** As the person or the program is called now; null where there is none of that id any more. */
  name: z.string().nullable(),
  /** The client by which they asked: an app that the person let in, or the program itself. */
  app: z.string().nullable(),
  /** As it is called; null where nobody came by one. */
  appName: z.string().nullable(),
  act: z.enum(['read', 'search', 'export', 'subscribe']),
  /** How many people the same answer was about. */
  people: z.number(),
  route: z.string(),
  /** Of FHIR, where one was asked for. */
  type: z.string().nullable(),
  purpose: z.string().nullable(),
  /** Of HTTP; 101 for a live subscription. */
  status: z.number(),
  requestId: z.string(),
});
export type Access = z.infer<typeof Access>;

/** GET /api/subjects/{id}/accesses: the newest first. */
export const AccessReport = z.object({
  accesses: z.array(Access),
  /** For what is older: `before` of the next question; null after the last. */
  next: z.number().nullable(),
});
export type AccessReport = z.infer<typeof AccessReport>;
