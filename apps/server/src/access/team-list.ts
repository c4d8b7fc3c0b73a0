/** Who treats, is or speaks for a person, by name; which other houses the person is opened to. */
import type { Grant as GrantView, RelationList } from '@ausculta/contract/access';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import type { Sql } from '../database/pool.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofSubject } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { type AccessRoutePorts, iso, isoOrNull, type OfId } from './route-ports.ts';
import { type GrantRow, holdsAt } from './standing.ts';
import * as store from './standing-store.ts';

export function teamList(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, registry, gate, nowMs } = ports;
  app.get<OfId>(
    '/api/subjects/:id/team',
    { config: ofSubject('read', 'placement') },
    async (request, reply): Promise<RelationList> => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const rows = gate.standing.relationsTo(subject.id);
      const named = await store.namedAccounts(
        sql,
        rows.map((row) => row.account_id),
      );
      const team = rows.map((row) => viewOf(row, named.get(row.account_id)));
      const opened = [...gate.standing.grants()].filter(
        (row) =>
          row.organisation_id === subject.organisationId &&
          (row.subject_id === subject.id || row.subject_id === null) &&
          holdsAt(row, nowMs()),
      );
      return { team, houses: await grantViews(sql, opened) };
    },
  );
}

function viewOf(
  row: store.RelationRow,
  account: store.NamedAccount | undefined,
): RelationList['team'][number] {
  const isOfHouse = row.account_organisation_id === row.organisation_id;
  return {
    accountId: row.account_id,
    name: account?.name ?? row.account_id,
    roles: [...(account?.roles ?? [])],
    house: isOfHouse ? null : (account?.organisation ?? row.account_organisation_id),
    kind: row.kind,
    from: iso(row.from_ms),
    until: isoOrNull(row.until_ms),
  };
}

export async function grantViews(sql: Sql, rows: readonly GrantRow[]): Promise<GrantView[]> {
  if (rows.length === 0) return [];
  const houses = await store.organisationNames(sql);
  const nameOf = new Map(houses.map(({ id, name }) => [id, name]));
  return rows.map((row) =>
    grantView(row, nameOf.get(row.to_organisation_id) ?? row.to_organisation_id),
  );
}

function grantView(row: GrantRow, organisationName: string): GrantView {
  return {
    id: row.id,
    organisationId: row.to_organisation_id,
    organisationName,
    accountId: row.to_account_id,
    subjectId: row.subject_id,
    encounterId: row.encounter_id,
    dataClasses: [...row.data_classes],
    actions: [...row.actions],
    purposes: [...row.purposes],
    from: iso(row.from_ms),
    until: iso(row.until_ms),
    onward: row.onward,
  };
}
