/** Legal holds: a duty to keep a record that comes before the wish to erase it (safety S29). */
import type { LegalHold } from '@ausculta/contract/erasure';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane, Sql } from '../database/pool.ts';
import { appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import * as store from './store.ts';

export interface HoldPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: SubjectKeys;
}

/** Who acts: an account, or a program under none. */
export interface Actor {
  readonly organisationId: OrganisationId;
  readonly accountId: string | undefined;
}

const UNREADABLE_REASON = 'The reason cannot be read: its seal is broken.';

export const holdContext = (subjectId: string, id: string): string => `hold/${subjectId}/${id}`;

function auditOf(
  { organisationId, accountId }: Actor,
  { subjectId, atMs }: { subjectId: SubjectId; atMs: number },
) {
  return { organisationId, actor: accountId, target: `subject/${subjectId}`, atMs } as const;
}

export class LegalHolds {
  readonly #ports: HoldPorts;
  /** Those in force, in memory: whether one stands in the way is known without waiting. */
  readonly #ofSubject = new Map<string, LegalHold[]>();

  static async open(ports: HoldPorts): Promise<LegalHolds> {
    const holds = new LegalHolds(ports);
    for (const row of await store.readHolds(ports.sql)) {
      if (ports.keys.isShredded(row.subject_id)) continue;
      const opened = ports.keys
        .sealOf(row.subject_id)
        ?.open(row.reason_sealed, holdContext(row.subject_id, row.id));
      holds.#hold(row.subject_id, {
        id: row.id,
        // It holds whether anybody can read why or not: a key that is missing may yet be restored.
        reason: opened?.ok ? new TextDecoder().decode(opened.value) : UNREADABLE_REASON,
        placedBy: row.placed_by,
        placedAt: new Date(row.placed_ms).toISOString(),
      });
    }
    return holds;
  }

  private constructor(ports: HoldPorts) {
    this.#ports = ports;
  }

  of(subjectId: string): readonly LegalHold[] {
    return this.#ofSubject.get(subjectId) ?? [];
  }

  /** It holds from the moment it is asked for. Undefined when the subject has been erased. */
  async place(
    who: Actor,
    hold: { subjectId: SubjectId; id: string; reason: string; atMs: number },
  ): Promise<LegalHold | undefined> {
    const { subjectId, id, reason, atMs } = hold;
    const seal = this.#ports.keys.sealOf(subjectId);
    if (seal === undefined) return undefined;
    const placedBy = who.accountId ?? null;
    const view = { id, reason, placedBy, placedAt: new Date(atMs).toISOString() };
    this.#hold(subjectId, view);
    try {
      await this.#ports.inLane(async (tx) => {
        await store.insertHold(tx, {
          organisation_id: who.organisationId,
          subject_id: subjectId,
          id,
          reason_sealed: seal.seal(new TextEncoder().encode(reason), holdContext(subjectId, id)),
          placed_by: placedBy,
          placed_ms: atMs,
        });
        const detail = { seal, value: { hold: id, reason } };
        await appendAudit(tx, { ...auditOf(who, hold), act: 'legal-hold-placed', detail });
      });
    } catch (error) {
      this.#release(subjectId, id);
      throw error;
    }
    return view;
  }

  /** False when there is no such hold. */
  async release(
    who: Actor,
    hold: { subjectId: SubjectId; id: string; atMs: number },
  ): Promise<boolean> {
    const { subjectId, id, atMs } = hold;
    if (!this.of(subjectId).some((known) => known.id === id)) return false;
    const seal = this.#ports.keys.sealOf(subjectId);
    await this.#ports.inLane(async (tx) => {
      await store.releaseHold(tx, { id, subjectId, by: who.accountId ?? null, atMs });
      await appendAudit(tx, {
        ...auditOf(who, hold),
        act: 'legal-hold-released',
        ...(seal && { detail: { seal, value: { hold: id } } }),
      });
    });
    this.#release(subjectId, id);
    return true;
  }

  #hold(subjectId: string, hold: LegalHold): void {
    this.#ofSubject.set(subjectId, [...this.of(subjectId), hold]);
  }

  #release(subjectId: string, id: string): void {
    this.#ofSubject.set(
      subjectId,
      this.of(subjectId).filter((hold) => hold.id !== id),
    );
  }
}
