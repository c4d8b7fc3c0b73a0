/** What the routes of this room need, and how they write a time. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { AccessActs } from './acts.ts';
import type { Gate } from './gate.ts';

export interface AccessRoutePorts {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly gate: Gate;
  readonly acts: AccessActs;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  /** When a stay was; undefined where there is no such stay of this person. */
  readonly stayOf: (
    organisationId: OrganisationId,
    stay: { readonly encounterId: string; readonly subjectId: SubjectId },
  ) => Promise<{ readonly fromMs: number; readonly untilMs: number | undefined } | undefined>;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

export interface OfId {
  Params: { id: string };
}

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
