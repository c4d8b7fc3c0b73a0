/** What narrows an export, kept with it: sealed, for it may quote a name. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Repository } from '../repository.ts';
import { sealedAt } from '../search-session.ts';
import { type TypeFilter, type UnderstoodFilters, understand } from './export-filters.ts';
import type { ExportRow } from './export-store.ts';

type Looking = Pick<Repository, 'look' | 'parse'>;
type Kept = Pick<ExportRow, 'organisation_id' | 'id' | 'filters'>;

const placeOf = (id: string): string => `export/${id}`;

export const filtersContext = (organisationId: string, id: string): string =>
  sealedAt(placeOf(id), organisationId);

export async function sealedFilters(
  repository: Pick<Repository, 'look'>,
  organisationId: OrganisationId,
  { id, typeFilters }: { readonly id: string; readonly typeFilters: readonly TypeFilter[] },
): Promise<Uint8Array | null> {
  if (typeFilters.length === 0) return null;
  return await repository.look(organisationId, async (session) =>
    session.organisationSeal(placeOf(id)).seal(JSON.stringify(typeFilters)),
  );
}

export async function keptFilters(
  repository: Pick<Repository, 'look'>,
  { organisation_id: organisationId, id, filters }: Kept,
): Promise<readonly TypeFilter[]> {
  if (filters === null) return [];
  const text = await repository.look(organisationId, async (session) =>
    session.organisationSeal(placeOf(id)).open(filters),
  );
  // Without them it would hold more than was asked for.
  if (text === undefined) throw new Error('what narrows an export does not open');
  return JSON.parse(text) as TypeFilter[];
}

/** As they were understood when the export was asked for. */
export async function understoodFilters(
  repository: Looking,
  row: Kept,
): Promise<UnderstoodFilters> {
  const kept = await keptFilters(repository, row);
  const understood = await understand(kept, parserOf(repository, { isStrict: false }));
  if (!understood.ok) throw new Error('what narrows an export is not understood any more');
  return understood.value;
}

export function parserOf(
  repository: Pick<Repository, 'parse'>,
  { isStrict }: { readonly isStrict: boolean },
): Parameters<typeof understand>[1] {
  return (type, parameters) => repository.parse(type, parameters, { isStrict, baseUrl: undefined });
}
