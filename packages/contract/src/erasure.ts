import { z } from 'zod';
import { DisclosureView } from './disclosures.ts';

/** POST /api/subjects/{id}/erasure. The number is asked for again: it cannot be taken back. */
export const ErasureOrder = z.strictObject({
  recordNumber: z.string().min(1).max(50),
  /** Needed while the subject wears a device: nobody is told when that one falls silent any more. */
  stopMonitoring: z.boolean().default(false),
});
export type ErasureOrder = z.infer<typeof ErasureOrder>;

/** What the server signs, as the text of `signed`. */
export const ErasureReceipt = z.object({
  version: z.literal(1),
  organisationId: z.string(),
  subjectId: z.string(),
  /** An account; null when a program asked. */
  requestedBy: z.string().nullable(),
  /** The first stage: from here on this installation cannot read it. */
  unreadableHereAt: z.string(),
  /** The second: on this day the last copy of a key that could open it has expired. Null: not known. */
  finalOn: z.string().nullable(),
  /** Knows the record number again, so that an old message does not bring the record back; noise afterwards. */
  recordNumberToken: z.string().optional(),
  /** Copies that outlive the first stage; null where this installation cannot end them. */
  copies: z.array(z.object({ what: z.string(), until: z.string().nullable() })),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;

export const ErasureState = z.object({
  stage: z.enum(['unreadable-here', 'final']),
  /** Whether the rows, which nothing opens any more, have been taken out of the database as well. */
  rowsRemoved: z.boolean(),
  /** Devices that were worn by the subject and are now worn by nobody. */
  devicesUnassigned: z.array(z.string()),
  receipt: ErasureReceipt,
  signed: z.string(),
  /** Ed25519 over the UTF-8 bytes of `signed`, in base64. */
  signature: z.string(),
  /** SubjectPublicKeyInfo in DER, in base64. */
  publicKey: z.string(),
});
export type ErasureState = z.infer<typeof ErasureState>;

/** GET and POST /api/subjects/{id}/erasure. */
export const Erasure = ErasureState.extend({
  /** Who has got something of the person, by the ledger of disclosures: theirs to erase, once somebody tells them. */
  recipients: z.array(
    z.object({
      recipient: z.string(),
      /** As it is called now; of an endpoint its host; null where nobody knows any more. */
      name: z.string().nullable(),
      way: DisclosureView.shape.way,
      last: z.string(),
    }),
  ),
});
export type Erasure = z.infer<typeof Erasure>;

/** POST /api/subjects/{id}/holds: until it is released, the subject cannot be erased. */
export const NewLegalHold = z.strictObject({ reason: z.string().trim().min(1).max(300) });
export type NewLegalHold = z.infer<typeof NewLegalHold>;

export const LegalHold = z.object({
  id: z.string(),
  reason: z.string(),
  placedBy: z.string().nullable(),
  placedAt: z.string(),
});
export type LegalHold = z.infer<typeof LegalHold>;

export const LegalHoldList = z.object({ holds: z.array(LegalHold) });
export type LegalHoldList = z.infer<typeof LegalHoldList>;

/** The answer to what has nothing to tell but that it is done. */
export const Done = z.object({});
