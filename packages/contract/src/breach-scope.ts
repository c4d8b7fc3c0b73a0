import { z } from 'zod';

const Iso = z.string();

/** What of one person was shown to whom, in the time and by the ways that were asked about. */
export const ExposedPerson = z.object({
  subjectId: z.string(),
  accesses: z.number(),
  first: Iso,
  last: Iso,
  /** Accounts, and `token-…` of programs. */
  who: z.array(z.string()),
  routes: z.array(z.string()),
  /** What was taken along as a file is out of the house. */
  taken: z.boolean(),
});
export type ExposedPerson = z.infer<typeof ExposedPerson>;

/** GET /api/breach-scope: who saw whom between two moments, and until when it has to be told. */
export const BreachScope = z.object({
  from: Iso,
  to: Iso,
  /** Of whom something was shown. */
  persons: z.number(),
  accesses: z.number(),
  /** How many the account may see as it stands now; null where none was asked about, or it is gone. */
  mayBeSeen: z.number().nullable(),
  /** By law: when it has to be told at the latest, counted from the discovery. */
  clocks: z.array(z.object({ law: z.string(), duty: z.string(), until: Iso })),
  exposed: z.array(ExposedPerson),
});
export type BreachScope = z.infer<typeof BreachScope>;
