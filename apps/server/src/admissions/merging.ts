/**
 * Two records of one person become one, by an admission system (A40) or by a person; and apart again.
 * What the devices of the one have measured moves into the other by re-attribution. What has to move
 * is written down with the statement, so that a crash in between is finished at the next start.
 */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { InLane } from '../database/pool.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { Actor, LegalHolds } from '../erasure/holds.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { Bed } from './bed.ts';
import { type BedDevicePorts, followBeds } from './bed-devices.ts';
import type { Merged, Stay } from './census.ts';
import { finishPending, type MergeMovePorts } from './merge-moves.ts';
import { limitsOf } from './merged-limits.ts';
import {
  asBefore,
  asMerged,
  type MergeRecord,
  type Pair,
  type PairAfter,
  spansOf,
  stayOf,
} from './merged-pair.ts';
import type { Stays } from './stays.ts';
import { insertMovement } from './store.ts';

export interface MergePorts extends BedDevicePorts, MergeMovePorts {
  readonly registry: Registry;
  readonly stays: Stays;
  readonly inLane: InLane;
  readonly keys: SubjectKeys;
  readonly holds: Pick<LegalHolds, 'of'>;
}

/** Who says so, in which message if it was one. */
export interface Statement {
  readonly who: Actor;
  readonly atMs: number;
  readonly messageId: string | undefined;
}

/** Why the two cannot be one; `kept` is undefined where it is yet to be made. */
export function whyNotMerged(
  { stays, holds }: Pick<MergePorts, 'stays' | 'holds'>,
  { old, kept }: { readonly old: RegisteredSubject; readonly kept: RegisteredSubject | undefined },
): Result<void> {
  const isPerson = old.kind === 'patient' || old.kind === 'bed';
  if (!isPerson || (kept !== undefined && kept.kind !== 'patient')) {
    return refuse('only a patient’s record goes on, and only a person’s goes into it');
  }
  const [oldStay, keptStay] = [stayOf(stays, old), kept && stayOf(stays, kept)];
  if (oldStay.merged !== undefined || keptStay?.merged !== undefined) {
    return refuse('one of the two has been merged already');
  }
  if (oldStay.visit?.isIn === true && keptStay?.visit?.isIn === true) {
    return refuse('both are admitted: discharge one of them first');
  }
  return whyNotEmptied(holds, old.id);
}

/** In the turn of whoever calls. */
export async function merge(
  ports: MergePorts,
  { old, kept }: Pair,
  statement: Statement,
): Promise<Result<void>> {
  const { stays } = ports;
  const stay = stayOf(stays, old);
  if (stay.merged?.into === kept.id) {
    // Said again: its answer was lost, and perhaps what follows from it was not done.
    await finishPending(ports, stay, statement.who);
    return ok(undefined);
  }
  const refused = whyNotMerged(ports, { old, kept });
  if (!refused.ok) return refused;
  const keptStay = stayOf(stays, kept);
  const spans = spansOf(ports.registry, old.id);
  const merged: Merged = {
    into: kept.id,
    atMs: statement.atMs,
    spans,
    before: { ...whereabouts(stay), familyName: old.identity.familyName },
    keptBefore: { ...whereabouts(keptStay), ...limitsOf({ subject: kept, stay: keptStay }) },
  };
  const after = asMerged({ subject: old, stay }, { subject: kept, stay: keptStay }, merged);
  await write(ports, statement, { what: 'patients-merged', ...after });
  await finishPending(ports, after.old.stay, statement.who);
  await follow(ports, old, [stay.place?.bed, after.kept?.stay.place?.bed]);
  return ok(undefined);
}

/** The old record is itself again: what its devices had measured comes back. */
export async function unmerge(
  ports: MergePorts,
  old: RegisteredSubject,
  statement: Statement,
): Promise<Result<void>> {
  const { registry, holds, stays } = ports;
  const stay = stayOf(stays, old);
  const { merged } = stay;
  if (merged === undefined) return fail('NOT_FOUND', 'not merged');
  // Erased since, with all that had come into it: the name is all that is left to bring back.
  const kept = registry.subjects.get(merged.into);
  const keptStay = kept && stayOf(stays, kept);
  if (keptStay?.merged !== undefined) {
    return refuse('the other record has been merged since: take that apart first');
  }
  const held = whyNotEmptied(holds, merged.into);
  if (!held.ok) return held;
  const keptRecord = kept && keptStay && { subject: kept, stay: keptStay };
  const after = asBefore({ subject: old, stay }, keptRecord, merged);
  await write(ports, statement, { what: 'merge-undone', ...after });
  await finishPending(ports, after.old.stay, statement.who);
  const places = [after.old.stay.place, after.kept?.stay.place, keptStay?.place];
  await follow(
    ports,
    old,
    places.map((place) => place?.bed),
  );
  return ok(undefined);
}

function whereabouts({ place, visit }: Stay): Pick<Stay, 'place'> & { visit: Stay['visit'] } {
  return { place, visit };
}

/** The reason of a hold is for those who may see the record. */
function whyNotEmptied(holds: Pick<LegalHolds, 'of'>, subjectId: SubjectId): Result<void> {
  return holds.of(subjectId).length > 0 ? fail('LEGAL_HOLD') : ok(undefined);
}

function refuse(why: string) {
  return fail('MOVEMENT_REFUSED', why);
}

async function write(
  { inLane, keys, registry, stays }: MergePorts,
  { who, atMs, messageId }: Statement,
  { what, old, kept }: PairAfter & { readonly what: AuditAct },
): Promise<void> {
  const { organisationId } = who;
  const records: MergeRecord[] = kept === undefined ? [old] : [old, kept];
  const value = { old: old.subject.id, kept: kept?.subject.id };
  await inLane(async (tx) => {
    for (const { subject, stay } of records) {
      await registry.rewrite(tx, subject);
      await stays.write(tx, stay);
      const seal = keys.sealOf(subject.id);
      await appendAudit(tx, {
        organisationId,
        actor: who.accountId,
        act: what,
        target: `subject/${subject.id}`,
        atMs,
        ...(seal && { detail: { seal, value } }),
      });
    }
    if (messageId === undefined) return;
    await insertMovement(tx, {
      organisation_id: organisationId,
      subject_id: (kept ?? old).subject.id,
      message_id: messageId,
      what: 'merge',
      at_ms: atMs,
      received_ms: atMs,
    });
  });
  for (const { subject, stay } of records) {
    registry.rewritten(subject);
    stays.census.set(stay);
  }
}

async function follow(
  ports: MergePorts,
  { organisationId }: RegisteredSubject,
  places: readonly (Bed | undefined)[],
): Promise<void> {
  await followBeds(ports, { organisationId, beds: places.filter((bed) => bed !== undefined) });
}
