import { z } from 'zod';

/** What of a person left the house on one day, to one recipient, for one purpose. */
export const DisclosureView = z.object({
  /** Asked for by another house under a grant, or by a program; taken along; told to an endpoint; sent to a record. */
  way: z.enum(['grant', 'program', 'export', 'subscription', 'write-back']),
  recipient: z.string(),
  /** As the account, program or house is called now; of an endpoint its host; null where nobody knows any more. */
  name: z.string().nullable(),
  purpose: z.string(),
  basis: z.enum(['law', 'consent', 'grant', 'own-request']),
  /** The consent or the grant that it rests on. */
  paper: z.string().nullable(),
  classes: z.array(z.string()),
  first: z.string(),
  last: z.string(),
  times: z.number(),
  /** When what was told was measured; null: of any time. */
  from: z.string().nullable(),
  until: z.string().nullable(),
  /** Whether the recipient may pass it on, where a grant says so. */
  onward: z.enum(['none', 'same-purpose']).nullable(),
});
export type DisclosureView = z.infer<typeof DisclosureView>;

/** GET /api/subjects/{id}/disclosures: the newest day first. */
export const DisclosureReport = z.object({
  disclosures: z.array(DisclosureView),
  /** For what is older: `before` of the next question; null after the last. */
  next: z.number().nullable(),
});
export type DisclosureReport = z.infer<typeof DisclosureReport>;
