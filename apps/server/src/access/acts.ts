/** What changes who may see whom: each act with its entry in the audit, and durable before it counts. */
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane } from '../database/pool.ts';
import { type AuditAct, type AuditTarget, appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import type { Standing } from './standing.ts';
import * as store from './standing-store.ts';

export interface ActPorts {
  readonly inLane: InLane;
  readonly standing: Standing;
  readonly nowMs: () => number;
}

interface Who {
  readonly organisationId: OrganisationId;
  readonly accountId: AccountId | undefined;
}

export class AccessActs {
  readonly #ports: ActPorts;

  constructor(ports: ActPorts) {
    this.#ports = ports;
  }

  async relate(who: Who, row: store.RelationRow): Promise<void> {
    await this.#write(who, ['relation-begun', `subject/${row.subject_id}`], (tx) =>
      store.writeRelation(tx, row),
    );
    this.#ports.standing.setRelation(row);
  }

  async unrelate(
    who: Who,
    row: Pick<store.RelationRow, 'subject_id' | 'account_id' | 'kind'>,
  ): Promise<void> {
    await this.#write(who, ['relation-ended', `subject/${row.subject_id}`], (tx) =>
      store.deleteRelation(tx, row),
    );
    this.#ports.standing.endRelation(row);
  }

  async beginShift(who: Who, row: store.ShiftRow): Promise<void> {
    const id = row.account_id;
    const held = await this.#write(who, ['shift-begun', `account/${id}`], async (tx) => {
      await store.insertShift(tx, row);
      return await store.readRoles(tx, id);
    });
    this.#ports.standing.setRoles(id, held[0]?.roles ?? []);
    this.#ports.standing.setShift(row);
  }

  async endShift(who: Who, row: store.ShiftRow): Promise<store.ShiftRow> {
    const ended = { ...row, until_ms: Math.max(row.from_ms + 1, this.#ports.nowMs()) };
    await this.#write(who, ['shift-ended', `account/${row.account_id}`], (tx) =>
      store.endShift(tx, row.id, ended.until_ms),
    );
    this.#ports.standing.setShift(ended);
    return ended;
  }

  async grant(who: Who, row: store.GrantRow): Promise<void> {
    const target =
      row.subject_id === null
        ? `organisation/${row.to_organisation_id}`
        : `subject/${row.subject_id}`;
    await this.#write(who, ['grant-given', target as AuditTarget], (tx) =>
      store.insertGrant(tx, row),
    );
    this.#ports.standing.setGrant(row);
  }

  async withdraw(who: Who, row: store.GrantRow): Promise<void> {
    const target =
      row.subject_id === null
        ? `organisation/${row.to_organisation_id}`
        : `subject/${row.subject_id}`;
    // At once: whoever looks on while it is written down sees no more.
    this.#ports.standing.endGrant(row.id);
    await this.#write(who, ['grant-withdrawn', target as AuditTarget], (tx) =>
      store.withdrawGrant(tx, row.id, this.#ports.nowMs()),
    ).catch((error: unknown) => {
      this.#ports.standing.setGrant(row);
      throw error;
    });
  }

  async breakGlass(
    who: Who & { readonly accountId: AccountId },
    glass: {
      readonly id: string;
      readonly subjectId: SubjectId;
      readonly reason: string;
      readonly untilMs: number;
      readonly seal: Seal;
    },
  ): Promise<store.GlassRow> {
    const { id, subjectId, reason, untilMs, seal } = glass;
    const context = store.glassContext(subjectId, id);
    const row: store.GlassRow = {
      organisation_id: who.organisationId,
      subject_id: subjectId,
      id,
      account_id: who.accountId,
      reason_sealed: seal.seal(new TextEncoder().encode(reason), context),
      from_ms: this.#ports.nowMs(),
      until_ms: untilMs,
      reviewed_by: null,
      reviewed_ms: null,
    };
    await this.#write(who, ['glass-broken', `subject/${subjectId}`], (tx) =>
      store.insertGlass(tx, row),
    );
    this.#ports.standing.addGlass(row);
    return row;
  }

  async review(
    who: Who,
    { id, subjectId }: { readonly id: string; readonly subjectId: SubjectId },
  ): Promise<boolean> {
    const { inLane, nowMs } = this.#ports;
    const { organisationId, accountId } = who;
    return await inLane(async (tx) => {
      const atMs = nowMs();
      const done = { id, subjectId, by: accountId ?? null, atMs };
      if (!(await store.reviewGlass(tx, done))) return false;
      const target = `subject/${subjectId}` as const;
      await appendAudit(tx, {
        organisationId,
        actor: accountId,
        act: 'glass-reviewed',
        target,
        atMs,
      });
      return true;
    });
  }

  async #write<Written>(
    { organisationId, accountId }: Who,
    [act, target]: readonly [AuditAct, AuditTarget],
    write: (tx: Parameters<Parameters<InLane>[0]>[0]) => Promise<Written>,
  ): Promise<Written> {
    const { inLane, nowMs } = this.#ports;
    return await inLane(async (tx) => {
      const written = await write(tx);
      await appendAudit(tx, { organisationId, actor: accountId, act, target, atMs: nowMs() });
      return written;
    });
  }
}
