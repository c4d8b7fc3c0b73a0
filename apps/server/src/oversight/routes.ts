/** What whoever keeps the audit should look at, and which records are guarded. */
import {
  OversightReview,
  type Oversight as OversightView,
  type OversightWaiting,
} from '@ausculta/contract/oversight';
import { fail } from '@ausculta/vitals/fault';
import {
  type AccountId,
  type OrganisationId,
  parseSubjectId,
  type SubjectId,
} from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import type { OfRecord } from '../audit/record-asked.ts';
import type { InLane, Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { appendAudit } from '../vault/audit.ts';
import type { GuardedRecords } from './guarded.ts';
import type { OfficerMail } from './officer-mail.ts';
import type { Oversight } from './oversight.ts';
import * as store from './store.ts';

export interface OversightRoutePorts {
  readonly oversight: Oversight;
  readonly guarded: GuardedRecords;
  readonly officerMail: Pick<OfficerMail, 'state'>;
  readonly registry: Pick<Registry, 'subjects'>;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

const LISTED_MAX = 500;
const AUDITORS = { config: ofHouse('search', 'audit') };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function oversightRoutes(app: FastifyInstance, ports: OversightRoutePorts): void {
  const { oversight, guarded: records, officerMail, sql, inLane, nowMs } = ports;

  app.get('/api/oversight', AUDITORS, async (request): Promise<OversightView> => {
    const { organisationId } = callerOf(request);
    const rows = await store.listHints(sql, organisationId, LISTED_MAX);
    const here = records.of(organisationId).filter((row) => isThere(row.subject_id, ports));
    const guarded = here.map(({ subject_id, from_ms }) => ({
      subjectId: subject_id,
      since: new Date(from_ms).toISOString(),
    }));
    noteRead(request, [
      ...rows.flatMap(({ subject_id }) => (subject_id === null ? [] : [subject_id])),
      ...guarded.map(({ subjectId }) => subjectId),
    ]);
    const { lookedMs, unreadable } = oversight.lookedAt(organisationId);
    const more = rows.length === LISTED_MAX && rows.at(-1)?.outcome === null;
    const lookedUntil = lookedMs === undefined ? null : new Date(lookedMs).toISOString();
    const state = { mail: officerMail.state, lookedUntil, unreadable };
    return { unusual: rows.map(viewOf), guarded, more, ...state };
  });

  app.get(
    '/api/oversight/waiting',
    AUDITORS,
    async (request): Promise<OversightWaiting> =>
      await store.countWaiting(sql, callerOf(request).organisationId),
  );

  app.post<OfRecord>('/api/oversight/:id/review', AUDITORS, async (request, reply) => {
    const body = OversightReview.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    const { id } = request.params;
    const { organisationId, accountId } = callerOf(request);
    const atMs = nowMs();
    const { outcome } = body.data;
    const on = { organisationId, id, outcome, by: accountId ?? null, atMs };
    const isReviewed = UUID.test(id) && (await inLane((tx) => review(tx, on, organisationId)));
    return isReviewed
      ? await reply.code(204).send()
      : await sendFault(reply, fail('NOT_FOUND').fault);
  });

  for (const method of ['PUT', 'DELETE'] as const)
    app.route<OfRecord>({
      ...{ method, url: '/api/subjects/:id/guard', ...AUDITORS },
      handler: async (request, reply) => {
        const subjectId = subjectHere(request, ports);
        if (subjectId === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
        const act = method === 'PUT' ? guard : unguard;
        await act({ ...callerOf(request), subjectId }, ports);
        return await reply.code(204).send();
      },
    });
}

interface Guarding {
  readonly organisationId: OrganisationId;
  readonly accountId?: AccountId | undefined;
  readonly subjectId: SubjectId;
}

/** Once: who says it again changes nothing. */
async function guard(
  { organisationId, accountId, subjectId }: Guarding,
  { guarded, inLane, nowMs }: OversightRoutePorts,
): Promise<void> {
  if (guarded.of(organisationId).some((row) => row.subject_id === subjectId)) return;
  const atMs = nowMs();
  const row = { organisation_id: organisationId, subject_id: subjectId, from_ms: atMs };
  const entry = { organisationId, actor: accountId, target: `subject/${subjectId}`, atMs } as const;
  await inLane(async (tx) => {
    await store.insertGuarded(tx, { ...row, until_ms: null }, accountId ?? null);
    await appendAudit(tx, { ...entry, act: 'record-guarded' });
  });
  guarded.note({ ...row, until_ms: null });
}

async function unguard(
  { organisationId, accountId, subjectId }: Guarding,
  { guarded, inLane, nowMs, newId }: OversightRoutePorts,
): Promise<void> {
  const atMs = nowMs();
  const entry = { organisationId, actor: accountId, target: `subject/${subjectId}`, atMs } as const;
  await inLane(async (tx) => {
    if (!(await store.endGuarded(tx, subjectId, atMs))) return;
    await appendAudit(tx, { ...entry, act: 'record-unguarded' });
    // Nobody looks unseen by ending what would tell of them: another auditor reviews it.
    if (accountId === undefined) return;
    const hint = { kind: 'guard-ended', accountId, subjectId, atMs } as const;
    await store.writeHint(tx, { organisationId, id: newId(), hint });
  });
  guarded.noteEnd(subjectId, atMs);
}

/** People at browsers; a program has as many addresses as it likes. */
export function watchAddresses(
  app: FastifyInstance,
  oversight: Pick<Oversight, 'noteAddress'>,
): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { caller } = request;
    if (caller?.session !== undefined && caller.accountId !== undefined)
      oversight.noteAddress(caller.homeOrganisationId, caller.accountId, request.ip);
    done();
  });
}

type Reviewed = Parameters<typeof store.reviewHint>[1];

async function review(
  tx: Parameters<Parameters<InLane>[0]>[0],
  on: Reviewed,
  organisationId: OrganisationId,
): Promise<boolean> {
  const found = await store.reviewHint(tx, on);
  if (found === undefined) return false;
  const target = `account/${found.account_id}` as const;
  const by = { organisationId, actor: on.by ?? undefined, target, atMs: on.atMs };
  await appendAudit(tx, { ...by, act: 'unusual-access-reviewed' });
  return true;
}

function subjectHere(
  request: FastifyRequest<OfRecord>,
  { registry }: OversightRoutePorts,
): SubjectId | undefined {
  const subjectId = parseSubjectId(request.params.id);
  const subject = subjectId && registry.subjects.get(subjectId);
  return subject?.organisationId === callerOf(request).organisationId ? subjectId : undefined;
}

/** Whoever was erased is guarded no more. */
function isThere(id: string, { registry }: OversightRoutePorts): boolean {
  const subjectId = parseSubjectId(id);
  return subjectId !== undefined && registry.subjects.has(subjectId);
}

function viewOf(row: store.HintRow): OversightView['unusual'][number] {
  const { id, kind, account_id, name, subject_id, first_ms, last_ms, records, usual } = row;
  return {
    ...{ id, kind, accountId: account_id, name, subjectId: subject_id, records, usual },
    from: new Date(first_ms).toISOString(),
    until: new Date(last_ms).toISOString(),
    outcome: row.outcome,
  };
}
