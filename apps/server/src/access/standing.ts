/**
 * How everybody stands to everybody who is cared for, in memory: relations, shifts, grants, broken glass and
 * consents. Rows are written first; whoever has streams open hears of each change.
 */
import type { CompiledConsent } from '@ausculta/policy/consent';
import type { Grant } from '@ausculta/policy/grant';
import type { BreakGlass } from '@ausculta/policy/request';
import type { Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import * as store from './standing-store.ts';

export type { GrantRow, ShiftRow } from './standing-store.ts';

/** What those who keep accounts say of who stands at beds. */
export type Duty = Pick<Standing, 'setShift' | 'setRoles'>;

interface Spanned {
  readonly from_ms: number;
  readonly until_ms: number | null;
}

interface GrantedStay {
  readonly organisationId: OrganisationId;
  readonly encounterId: string;
  readonly subjectId: SubjectId;
}

interface StaySpan {
  readonly fromMs: number;
  /** Undefined: it goes on. */
  readonly untilMs: number | undefined;
}

export const holdsAt = ({ from_ms, until_ms }: Spanned, nowMs: number): boolean =>
  from_ms <= nowMs && (until_ms === null || nowMs < until_ms);

export class Standing {
  readonly #relations = new Map<AccountId, store.RelationRow[]>();
  readonly #shifts = new Map<AccountId, store.ShiftRow[]>();
  readonly #roles = new Map<AccountId, readonly Role[]>();
  readonly #grants = new Map<string, store.GrantRow>();
  readonly #glass = new Map<AccountId, store.GlassRow[]>();
  readonly #consents = new Map<SubjectId, Map<string, CompiledConsent>>();
  /** By house and id: in two houses a consent may have the same. */
  readonly #consentOf = new Map<string, SubjectId>();
  readonly #listeners = new Set<() => void>();
  /** Another number after each change. */
  version = 0;

  static async load(sql: Sql, nowMs: number): Promise<Standing> {
    const standing = new Standing();
    for (const row of await store.readRelations(sql)) standing.setRelation(row);
    for (const row of await store.readShifts(sql)) standing.setShift(row);
    for (const { id, roles } of await store.readRoles(sql)) standing.setRoles(id, roles);
    for (const row of await store.readGrants(sql, nowMs)) standing.setGrant(row);
    for (const row of await store.readGlass(sql, nowMs)) standing.addGlass(row);
    return standing;
  }

  /** Hears of each change, at once. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  noteChange(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }

  relationsOf(accountId: AccountId): readonly store.RelationRow[] {
    return this.#relations.get(accountId) ?? [];
  }

  /** Whose own record it is the account of. */
  ownSubjectOf(accountId: AccountId, nowMs: number): SubjectId | undefined {
    const own = this.relationsOf(accountId).find(
      (row) => row.kind === 'self' && holdsAt(row, nowMs),
    );
    return own?.subject_id;
  }

  /** Of one subject, whoever they are. */
  relationsTo(subjectId: SubjectId): store.RelationRow[] {
    return [...this.#relations.values()].flat().filter((row) => row.subject_id === subjectId);
  }

  setRelation(row: store.RelationRow): void {
    const others = this.relationsOf(row.account_id).filter((one) => !isSame(one, row));
    this.#relations.set(row.account_id, [...others, row]);
    this.noteChange();
  }

  endRelation(row: Pick<store.RelationRow, 'account_id' | 'subject_id' | 'kind'>): void {
    const others = this.relationsOf(row.account_id).filter((one) => !isSame(one, row));
    this.#relations.set(row.account_id, others);
    this.noteChange();
  }

  shiftsOf(accountId: AccountId): readonly store.ShiftRow[] {
    return this.#shifts.get(accountId) ?? [];
  }

  setShift(row: store.ShiftRow): void {
    const others = this.shiftsOf(row.account_id).filter(({ id }) => id !== row.id);
    this.#shifts.set(row.account_id, [...others, row]);
    this.noteChange();
  }

  /** In this house, of accounts that have one of these roles. */
  *shiftsIn(organisationId: OrganisationId, roles: readonly Role[]): Iterable<store.ShiftRow> {
    for (const [accountId, shifts] of this.#shifts) {
      const held = this.#roles.get(accountId) ?? [];
      if (!held.some((role) => roles.includes(role))) continue;
      for (const shift of shifts) if (shift.organisation_id === organisationId) yield shift;
    }
  }

  /** None for an account that is out of use. */
  setRoles(accountId: AccountId, roles: readonly Role[]): void {
    this.#roles.set(accountId, roles);
    this.noteChange();
  }

  grantOf(id: string): store.GrantRow | undefined {
    return this.#grants.get(id);
  }

  grants(): Iterable<store.GrantRow> {
    return this.#grants.values();
  }

  /** What one organisation has opened to another. */
  grantsBetween(from: OrganisationId, to: OrganisationId): Grant[] {
    const rows = [...this.#grants.values()];
    return rows
      .filter((row) => row.organisation_id === from && row.to_organisation_id === to)
      .map(grantOf);
  }

  setGrant(row: store.GrantRow): void {
    this.#grants.set(row.id, row);
    this.noteChange();
  }

  /** Of those that are about one stay alone: when that was, which may have changed since they were given. */
  setStay({ organisationId, encounterId, subjectId }: GrantedStay, stay: StaySpan): void {
    for (const row of this.#grants.values()) {
      const isIt = row.encounter_id === encounterId && row.subject_id === subjectId;
      if (!isIt || row.organisation_id !== organisationId) continue;
      const { fromMs, untilMs } = stay;
      this.#grants.set(row.id, { ...row, data_from_ms: fromMs, data_until_ms: untilMs ?? null });
    }
    this.noteChange();
  }

  grantedStays(): GrantedStay[] {
    return [...this.#grants.values()].flatMap((row) =>
      row.encounter_id === null || row.subject_id === null
        ? []
        : {
            organisationId: row.organisation_id,
            encounterId: row.encounter_id,
            subjectId: row.subject_id,
          },
    );
  }

  endGrant(id: string): void {
    this.#grants.delete(id);
    this.noteChange();
  }

  addGlass(row: store.GlassRow): void {
    this.#glass.set(row.account_id, [...(this.#glass.get(row.account_id) ?? []), row]);
    this.noteChange();
  }

  glassOf(accountId: AccountId): readonly store.GlassRow[] {
    return this.#glass.get(accountId) ?? [];
  }

  /** The last that this account has broken for this person. */
  glassFor(accountId: AccountId, subjectId: SubjectId): BreakGlass | undefined {
    const row = this.glassOf(accountId).findLast((one) => one.subject_id === subjectId);
    return (
      row && {
        actorId: accountId,
        subjectId,
        // It was read when the glass was broken, and lies sealed: what is judged here is its time.
        reason: 'sealed with the record',
        fromMs: row.from_ms,
        untilMs: row.until_ms,
      }
    );
  }

  consentsOf(subjectId: SubjectId): readonly CompiledConsent[] {
    return [...(this.#consents.get(subjectId)?.values() ?? [])];
  }

  /** Of whom there are consents at all. */
  consented(): Iterable<SubjectId> {
    return this.#consents.keys();
  }

  /** In the place of what it said before, in one step. */
  setConsent(house: OrganisationId, subjectId: SubjectId, consent: CompiledConsent): void {
    this.#dropConsent(house, consent.id);
    const all = this.#consents.get(subjectId) ?? new Map<string, CompiledConsent>();
    this.#consents.set(subjectId, all);
    all.set(consent.id, consent);
    this.#consentOf.set(`${house}/${consent.id}`, subjectId);
    this.noteChange();
  }

  endConsent(house: OrganisationId, id: string): void {
    if (this.#dropConsent(house, id)) this.noteChange();
  }

  /** Whoever it was of. */
  #dropConsent(house: OrganisationId, id: string): boolean {
    const subjectId = this.#consentOf.get(`${house}/${id}`);
    const all = subjectId && this.#consents.get(subjectId);
    if (subjectId === undefined || all === undefined) return false;
    all.delete(id);
    this.#consentOf.delete(`${house}/${id}`);
    if (all.size === 0) this.#consents.delete(subjectId);
    return true;
  }

  /** Whoever is erased, and whatever said who they were to others. */
  forget(subjectId: SubjectId): void {
    this.#consents.delete(subjectId);
    forgetIn(this.#relations, subjectId);
    forgetIn(this.#glass, subjectId);
    for (const row of this.#grants.values())
      if (row.subject_id === subjectId) this.#grants.delete(row.id);
    this.noteChange();
  }
}

interface OfSubject {
  readonly subject_id: SubjectId;
}

function forgetIn<Row extends OfSubject>(all: Map<AccountId, Row[]>, subjectId: SubjectId): void {
  for (const [account, rows] of all) {
    const others = rows.filter((row) => row.subject_id !== subjectId);
    if (others.length < rows.length) all.set(account, others);
  }
}

function isSame(
  a: Pick<store.RelationRow, 'subject_id' | 'kind'>,
  b: Pick<store.RelationRow, 'subject_id' | 'kind'>,
): boolean {
  return a.subject_id === b.subject_id && a.kind === b.kind;
}

function grantOf(row: store.GrantRow): Grant {
  const { encounter_id, data_from_ms, data_until_ms } = row;
  return {
    id: row.id,
    fromOrganisationId: row.organisation_id,
    toOrganisationId: row.to_organisation_id,
    ...(row.to_account_id !== null && { toActorId: row.to_account_id }),
    ...(row.subject_id !== null && { subjectIds: [row.subject_id] }),
    dataClasses: row.data_classes,
    actions: row.actions,
    purposes: row.purposes,
    fromMs: row.from_ms,
    untilMs: row.until_ms,
    onward: row.onward,
    ...(encounter_id !== null && {
      episode: {
        encounterId: encounter_id,
        fromMs: data_from_ms ?? Number.NEGATIVE_INFINITY,
        untilMs: data_until_ms ?? Number.POSITIVE_INFINITY,
      },
    }),
  };
}
