/** What people change of protocols: each act with its entry in the audit, and durable before it counts. */
import { READY_PROTOCOLS } from '@ausculta/rules/protocol/library';
import type { Override } from '@ausculta/rules/protocol/plan';
import type { Protocol } from '@ausculta/rules/protocol/protocol';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { Turns } from '../admissions/turns.ts';
import type { InLane, Transaction } from '../database/pool.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { type KnownOverride, type Library, overrideContext, type Shelf } from './library.ts';
import * as store from './store.ts';

export interface ProtocolActPorts {
  readonly inLane: InLane;
  readonly library: Library;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** Who acts: an account, or a program under none. */
export interface Actor {
  readonly organisationId: OrganisationId;
  readonly accountId: string | undefined;
}

export type AssignTo =
  | { readonly subjectId: SubjectId }
  | { readonly ward: string }
  | { readonly category: NonNullable<store.AssignmentRow['category']> };

export class ProtocolActs {
  readonly #ports: ProtocolActPorts;
  /** Two versions that are written at once are two. */
  readonly #turns = new Turns();

  constructor(ports: ProtocolActPorts) {
    this.#ports = ports;
  }

  /** The next version, which is followed from now on. */
  write(
    who: Actor,
    written: Pick<Protocol, 'key' | 'categories' | 'rules'>,
    reason: string,
  ): Promise<Shelf | undefined> {
    const { library, nowMs } = this.#ports;
    const { organisationId, accountId = null } = who;
    const { key } = written;
    return this.#turns.run(async () => {
      const versions = library.shelfOf(organisationId, key)?.versions ?? [];
      const version = Math.max(0, ...versions.map((one) => one.version)) + 1;
      const of = { organisation_id: organisationId, key, version };
      const by = { made_ms: nowMs(), made_by: accountId };
      const row: store.VersionRow = { ...of, protocol: { ...written, version }, reason, ...by };
      await this.#change(who, 'protocol-written', {
        detail: { key, version, reason },
        write: async (tx) => {
          await store.insertVersion(tx, row);
          await store.writeFollowed(tx, { ...of, chosen_ms: by.made_ms, chosen_by: accountId });
        },
      });
      library.addVersion(row);
      library.follow({ ...of, chosen_ms: by.made_ms, chosen_by: accountId });
      return library.shelfOf(organisationId, key);
    });
  }

  /** An earlier version again, or a later one. */
  follow(
    who: Actor,
    { key, version, reason }: { key: string; version: number; reason: string },
  ): Promise<Shelf | undefined> {
    const { library, nowMs } = this.#ports;
    const { organisationId, accountId = null } = who;
    return this.#turns.run(async () => {
      const by = { chosen_ms: nowMs(), chosen_by: accountId };
      const row = { organisation_id: organisationId, key, version, ...by };
      await this.#change(who, 'protocol-followed', {
        detail: { key, version, reason },
        write: (tx) => store.writeFollowed(tx, row),
      });
      library.follow(row);
      return library.shelfOf(organisationId, key);
    });
  }

  /** Of a subject it takes the place of what the subject had. A ready protocol is kept as it is now. */
  assign(
    who: Actor,
    to: AssignTo,
    { key, spo2Scale }: { key: string; spo2Scale: 1 | 2 },
  ): Promise<store.AssignmentRow> {
    const { library, newId, nowMs } = this.#ports;
    const { organisationId, accountId = null } = who;
    return this.#turns.run(async () => {
      const adopted = this.#adopted(who, key);
      const whose = {
        subject_id: 'subjectId' in to ? to.subjectId : null,
        ward: 'ward' in to ? to.ward : null,
        category: 'category' in to ? to.category : null,
      };
      const row: store.AssignmentRow = {
        ...{ organisation_id: organisationId, id: newId(), ...whose, key },
        ...{ spo2_scale: spo2Scale, begun_ms: nowMs(), begun_by: accountId },
      };
      const replaced = library
        .assignments(organisationId)
        .filter(
          (one) =>
            one.subject_id === row.subject_id &&
            one.ward === row.ward &&
            one.category === row.category,
        );
      await this.#change(who, 'protocol-assigned', {
        subjectId: whose.subject_id ?? undefined,
        detail: { key, ...whose, spo2Scale },
        write: async (tx) => {
          if (adopted !== undefined) await store.insertVersion(tx, adopted);
          for (const { id } of replaced)
            await store.endAssignment(tx, { id, atMs: row.begun_ms, by: accountId });
          await store.insertAssignment(tx, row);
        },
      });
      if (adopted !== undefined) library.addVersion(adopted);
      for (const { id } of replaced) library.endAssignment(id);
      library.addAssignment(row);
      return row;
    });
  }

  /** A ready protocol that is not yet the house's: a newer server does not change what watches anybody. */
  #adopted({ organisationId, accountId }: Actor, key: string): store.VersionRow | undefined {
    const ready = READY_PROTOCOLS.find((one) => one.key === key);
    const shelf = this.#ports.library.shelfOf(organisationId, key);
    if (ready === undefined || shelf?.versions.some(({ version }) => version === ready.version))
      return undefined;
    const { version } = ready;
    const by = { made_ms: this.#ports.nowMs(), made_by: accountId ?? null };
    return { organisation_id: organisationId, key, version, protocol: ready, reason: null, ...by };
  }

  unassign(who: Actor, { id, subject_id, key }: store.AssignmentRow): Promise<void> {
    const { library, nowMs } = this.#ports;
    return this.#turns.run(async () => {
      await this.#change(who, 'protocol-unassigned', {
        subjectId: subject_id ?? undefined,
        detail: { key, assignment: id },
        write: (tx) => store.endAssignment(tx, { id, atMs: nowMs(), by: who.accountId ?? null }),
      });
      library.endAssignment(id);
    });
  }

  /** Undefined where the patient has been erased meanwhile. */
  override(
    who: Actor,
    subjectId: SubjectId,
    override: Override,
  ): Promise<KnownOverride | undefined> {
    const { library, keys, newId } = this.#ports;
    return this.#turns.run(async () => {
      const seal = keys.sealOf(subjectId);
      if (seal === undefined) return undefined;
      const id = newId();
      const clear = new TextEncoder().encode(JSON.stringify(override));
      const row: store.OverrideRow = {
        ...{ organisation_id: who.organisationId, subject_id: subjectId, id },
        sealed: seal.seal(clear, overrideContext(subjectId, id)),
        author_id: who.accountId ?? null,
        from_ms: override.fromMs,
        until_ms: override.untilMs,
      };
      await this.#change(who, 'override-made', {
        subjectId,
        detail: { id, ...override },
        write: (tx) => store.insertOverride(tx, row),
      });
      const known = { id, override };
      library.addOverride(subjectId, known);
      return known;
    });
  }

  endOverride(
    who: Actor,
    subjectId: SubjectId,
    { id, reason }: { id: string; reason: string },
  ): Promise<void> {
    const { library, nowMs } = this.#ports;
    return this.#turns.run(async () => {
      const ending = { id, subjectId, atMs: nowMs(), by: who.accountId ?? null };
      await this.#change(who, 'override-ended', {
        subjectId,
        detail: { id, reason },
        write: (tx) => store.endOverride(tx, ending),
      });
      library.endOverride(subjectId, id);
    });
  }

  async #change(
    { organisationId, accountId: actor }: Actor,
    act: AuditAct,
    what: {
      readonly subjectId?: SubjectId | undefined;
      readonly detail: unknown;
      readonly write: (tx: Transaction) => Promise<void>;
    },
  ): Promise<void> {
    const { inLane, keys, organisationSeal, nowMs } = this.#ports;
    const { subjectId, detail: value, write } = what;
    const seal =
      subjectId === undefined ? organisationSeal(organisationId) : keys.sealOf(subjectId);
    const target =
      subjectId === undefined
        ? (`organisation/${organisationId}` as const)
        : (`subject/${subjectId}` as const);
    await inLane(async (tx) => {
      await write(tx);
      const detail = seal === undefined ? {} : { detail: { seal, value } };
      await appendAudit(tx, { organisationId, actor, act, target, atMs: nowMs(), ...detail });
    });
  }
}
