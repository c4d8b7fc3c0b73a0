/**
 * The protocols of every organisation, who has which, and what is otherwise for one patient: in memory,
 * for the line asks for a version while it replays, and written through by `acts`.
 */
import { READY_PROTOCOLS } from '@ausculta/rules/protocol/library';
import type { Override } from '@ausculta/rules/protocol/plan';
import { type Protocol, parseProtocol } from '@ausculta/rules/protocol/protocol';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { ProtocolOf } from '../line/given-plan.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import * as store from './store.ts';

export interface LibraryPorts {
  readonly sql: Sql;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

export type Version = Omit<store.VersionRow, 'organisation_id' | 'key'>;

/** One protocol of an organisation: its versions, and which of them is followed. */
export interface Shelf {
  readonly key: string;
  readonly versions: readonly Version[];
  readonly followed: number;
}

export interface KnownOverride {
  readonly id: string;
  readonly override: Override;
}

export const overrideContext = (subjectId: string, id: string): string =>
  `override/${subjectId}/${id}`;

export const isReady = (key: string): boolean => READY_PROTOCOLS.some((one) => one.key === key);

export class Library {
  /** Another number after each change. */
  changes = 0;
  readonly #shelves = new Map<OrganisationId, Map<string, Shelf>>();
  readonly #assignments = new Map<string, store.AssignmentRow>();
  readonly #overrides = new Map<SubjectId, readonly KnownOverride[]>();

  static async open(ports: LibraryPorts): Promise<Library> {
    const library = new Library();
    const { sql, keys, nowMs, onProblem } = ports;
    for (const row of await store.readVersions(sql)) {
      // Another version of the server may have known rules that this one does not.
      const parsed = parseProtocol(row.protocol);
      if (parsed.ok) library.addVersion(row);
      else onProblem(`read protocol ${row.key} ${row.version}`, new Error(parsed.problems.join()));
    }
    for (const row of await store.readFollowed(sql)) library.follow(row);
    for (const row of await store.readAssignments(sql)) library.#assignments.set(row.id, row);
    for (const row of await store.readOverrides(sql, nowMs())) {
      const { subject_id: subjectId, id } = row;
      const opened = keys.sealOf(subjectId)?.open(row.sealed, overrideContext(subjectId, id));
      if (opened === undefined) continue;
      if (!opened.ok) {
        onProblem(`open override ${subjectId}/${id}`, new Error(opened.fault.code));
        continue;
      }
      const override = JSON.parse(new TextDecoder().decode(opened.value)) as Override;
      library.addOverride(subjectId, { id, override });
    }
    return library;
  }

  /** By any version that was ever written here; a ready one by the version that the code has. */
  protocolOf: ProtocolOf = (organisationId, { key, version }) => {
    const known = this.shelfOf(organisationId, key)?.versions;
    return known?.find((one) => one.version === version)?.protocol;
  };

  shelves(organisationId: OrganisationId): readonly Shelf[] {
    return [...(this.#shelves.get(organisationId)?.values() ?? [])];
  }

  shelfOf(organisationId: OrganisationId, key: string): Shelf | undefined {
    return this.#shelves.get(organisationId)?.get(key);
  }

  /** What whoever has it is watched by. */
  followedOf(organisationId: OrganisationId, key: string): Protocol | undefined {
    const shelf = this.shelfOf(organisationId, key);
    return shelf?.versions.find(({ version }) => version === shelf.followed)?.protocol;
  }

  addVersion({ organisation_id: organisationId, key, ...version }: store.VersionRow): void {
    const before = this.shelfOf(organisationId, key);
    const versions = [...(before?.versions ?? []), version];
    this.#put(organisationId, { key, versions, followed: before?.followed ?? version.version });
  }

  follow({ organisation_id: organisationId, key, version }: store.FollowedRow): void {
    const before = this.shelfOf(organisationId, key);
    if (before !== undefined) this.#put(organisationId, { ...before, followed: version });
  }

  #put(organisationId: OrganisationId, shelf: Shelf): void {
    const shelves = this.#shelves.get(organisationId) ?? new Map<string, Shelf>();
    this.#shelves.set(organisationId, shelves.set(shelf.key, shelf));
    this.changes += 1;
  }

  assignments(organisationId: OrganisationId): readonly store.AssignmentRow[] {
    const all = [...this.#assignments.values()];
    return all.filter(({ organisation_id }) => organisation_id === organisationId);
  }

  assignment(id: string): store.AssignmentRow | undefined {
    return this.#assignments.get(id);
  }

  addAssignment(row: store.AssignmentRow): void {
    this.#assignments.set(row.id, row);
    this.changes += 1;
  }

  endAssignment(id: string): void {
    this.#assignments.delete(id);
    this.changes += 1;
  }

  overridesOf(subjectId: SubjectId): readonly KnownOverride[] {
    return this.#overrides.get(subjectId) ?? [];
  }

  addOverride(subjectId: SubjectId, known: KnownOverride): void {
    this.#overrides.set(subjectId, [...this.overridesOf(subjectId), known]);
    this.changes += 1;
  }

  endOverride(subjectId: SubjectId, id: string): void {
    const left = this.overridesOf(subjectId).filter((one) => one.id !== id);
    if (left.length === 0) this.#overrides.delete(subjectId);
    else this.#overrides.set(subjectId, left);
    this.changes += 1;
  }

  /** Erased. */
  forget(subjectId: SubjectId): void {
    this.#overrides.delete(subjectId);
    for (const [id, row] of this.#assignments)
      if (row.subject_id === subjectId) this.#assignments.delete(id);
    this.changes += 1;
  }
}
