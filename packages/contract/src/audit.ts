import { AUDIT_KINDS } from '@ausculta/vitals/audit-act';
import { z } from 'zod';

/** What somebody looks for: one kind of acts, or who has looked. */
export const AUDIT_FILTERS = [...AUDIT_KINDS, 'looking'] as const;
export type AuditFilter = (typeof AUDIT_FILTERS)[number];

/** One act or one look, as the audit has it; no name of a patient, no value, nothing that was asked. */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.string(),
  kind: z.enum(AUDIT_FILTERS),
  /** The act's name, or how somebody looked. */
  act: z.string(),
  /** An account, `token-…` of a program, `device/…`; null: the platform by itself. */
  who: z.string().nullable(),
  /** As staff or the program is called now; null for patients, and where there is none any more. */
  name: z.string().nullable(),
  /** `subject/…`, `device/…`; null of looks. */
  target: z.string().nullable(),
  /** Whom it is about, some of them. */
  subjects: z.array(z.string()),
  people: z.number(),
  route: z.string().nullable(),
  type: z.string().nullable(),
  purpose: z.string().nullable(),
  /** Of HTTP, of looks. */
  status: z.number().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** GET /api/audit: the newest first. */
export const AuditPage = z.object({
  entries: z.array(AuditEntry),
  /** For what is older: `cursor` of the next question; null after the last. */
  next: z.string().nullable(),
  /** How far back was looked: a page may be short, or empty, and not the last. */
  until: z.string().nullable(),
  /** Entries are passed over that are not as they were written: see `ausculta audit verify`. */
  unreadable: z.boolean(),
});
export type AuditPage = z.infer<typeof AuditPage>;

const Fault = z.object({ what: z.string(), id: z.string(), why: z.string() });

/** GET /api/audit/heads: whether the audit is in order, signed, and as it was signed. */
export const AuditHeads = z.object({
  now: z.string(),
  /** Entries that have their place, and when the last head was signed; null: nothing has been done yet. */
  newest: z.object({ entries: z.number(), at: z.string() }).nullable(),
  /** Entries that wait for their place, and since when. */
  waiting: z.object({ entries: z.number(), since: z.string().nullable() }),
  /** The database is not what its heads say: nothing gets a place until somebody has looked. */
  contradicted: z.boolean(),
  /** All entries against all heads, by this server; null: not yet since it was started. */
  verified: z
    .object({
      at: z.string(),
      tookMs: z.number(),
      entries: z.number(),
      faults: z.number(),
      /** The first of them. */
      found: z.array(Fault),
    })
    .nullable(),
  /** To a receiver elsewhere; null: none is set up. */
  sent: z
    .object({
      to: z.string(),
      /** The last that it has taken; null: none yet. */
      last: z.object({ entries: z.number(), at: z.string() }).nullable(),
      /** Heads that it has not. */
      waiting: z.number(),
      failing: z.object({ since: z.string(), attempts: z.number(), why: z.string() }).nullable(),
    })
    .nullable(),
});
export type AuditHeads = z.infer<typeof AuditHeads>;
