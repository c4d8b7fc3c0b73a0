/** GET /api/audit, the same as a table, and what state the audit is in: for whoever keeps it. Each look is audited. */
import type { AuditEntry, AuditHeads, AuditPage } from '@ausculta/contract/audit';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ReadAs } from '../database/readers.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Audit } from './audit.ts';
import { AuditQuery, AuditTableQuery, auditCsv, auditEntry, trailAskedBy } from './explorer.ts';
import { auditTable } from './explorer-table.ts';
import { readHead } from './heads.ts';
import { type ToldRow, toldOf } from './hook-store.ts';
import { noteRead } from './noted-reads.ts';
import { lastHead, waitingSince } from './store.ts';
import {
  BEGINNING,
  type TrailAsked,
  type TrailEntry,
  type TrailPage,
  type TrailStart,
  trailPage,
  whoDid,
} from './trail.ts';
import { readTrailCursor, trailCursorText } from './trail-cursor.ts';
import { whoTheyAre } from './trail-store.ts';

export interface ExplorerPorts {
  readonly audit: Audit;
  readonly database: { readonly read: ReadAs };
  readonly nowMs: () => number;
}

const KEEPS_THE_AUDIT = { config: ofHouse('search', 'audit') };

export function explorerRoutes(app: FastifyInstance, ports: ExplorerPorts): void {
  const { audit, nowMs } = ports;
  app.get('/api/audit', KEEPS_THE_AUDIT, async (request, reply): Promise<AuditPage> => {
    const page = await pageAsked(request, ports);
    return page.ok ? page.value : await sendFault(reply, page.fault);
  });

  app.get('/api/audit/table', KEEPS_THE_AUDIT, async (request, reply) => {
    const query = AuditTableQuery.safeParse(request.query);
    if (!query.success) return await sendFault(reply, malformed(query.error).fault);
    await audit.rounds.settled();
    const asked = trailAskedBy(callerOf(request).organisationId, query.data, nowMs());
    const { found, backToMs } = await auditTable({
      page: (from) => entriesFrom(ports, asked, from),
      isGone: () => reply.raw.destroyed,
    });
    note(request, found);
    // Said where a program reads it, and a person sees it in the name of the file.
    const part = backToMs === undefined ? '' : `-back-to-${iso(backToMs).replaceAll(':', '-')}`;
    reply.header('content-disposition', `attachment; filename="audit${part}.csv"`);
    return await reply.type('text/csv; charset=utf-8').send(auditCsv(found));
  });

  app.get('/api/audit/heads', KEEPS_THE_AUDIT, async (request): Promise<AuditHeads> => {
    const { organisationId } = callerOf(request);
    return await headsOf(ports, organisationId);
  });
}

async function pageAsked(
  request: FastifyRequest,
  ports: ExplorerPorts,
): Promise<Result<AuditPage>> {
  const query = AuditQuery.safeParse(request.query);
  if (!query.success) return malformed(query.error);
  const { cursor, limit, ...filters } = query.data;
  const from = cursor === undefined ? undefined : readTrailCursor(cursor);
  if (cursor !== undefined && from === undefined) return fail('PAYLOAD_MALFORMED', 'cursor');
  // What was answered before this was asked is in it; a page that follows tells nothing that came since.
  if (from === undefined) await ports.audit.rounds.settled();
  const all = trailAskedBy(callerOf(request).organisationId, filters, ports.nowMs());
  const asked = { ...all, toMs: Math.min(all.toMs, from?.toMs ?? all.toMs) };
  const start = from?.start ?? BEGINNING;
  const { found, next, isUnreadable, untilMs } = await entriesFrom(ports, asked, { start, limit });
  note(request, found);
  return ok({
    entries: [...found],
    next: next === undefined ? null : trailCursorText({ toMs: asked.toMs, start: next }),
    until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
    unreadable: isUnreadable,
  });
}

const malformed = ({ issues }: { readonly issues: readonly { path: PropertyKey[] }[] }) =>
  fail('PAYLOAD_MALFORMED', issues.map(({ path }) => path.join('.')).join(', '));

/** Whoever looks through the audit is in it, whomever it was about. */
function note(request: FastifyRequest, entries: readonly AuditEntry[]): void {
  const subjects = entries.flatMap((one) => one.subjects);
  noteRead(request, subjects, { act: 'search', ofHouse: true });
}

async function entriesFrom(
  { database }: ExplorerPorts,
  asked: TrailAsked,
  { start, limit }: { readonly start: TrailStart; readonly limit: number },
): Promise<TrailPage<AuditEntry>> {
  const { organisationId } = asked;
  return await database.read(organisationId, async (sql) => {
    const tell = (entry: TrailEntry) => entry;
    const page = await trailPage(sql, asked, { start, limit, tell });
    const who = [...new Set(page.found.flatMap((entry) => whoDid(entry) ?? []))];
    const known = who.length === 0 ? [] : await whoTheyAre(sql, organisationId, who);
    const byWho = new Map(known.map((one) => [one.who, one]));
    return { ...page, found: page.found.flatMap((entry) => auditEntry(entry, byWho) ?? []) };
  });
}

async function headsOf(
  { audit, database, nowMs }: ExplorerPorts,
  organisationId: string,
): Promise<AuditHeads> {
  const { hook } = audit;
  const [head, waiting, sent] = await database.read(organisationId, async (sql) => [
    await lastHead(sql, organisationId),
    await waitingSince(sql, organisationId),
    hook && (await toldOf(sql, { receiver: hook.receiver, organisationId })),
  ]);
  const newest = head && readHead(head.note, organisationId, audit.key);
  const verified = audit.verification.of(organisationId);
  return {
    now: iso(nowMs()),
    newest: newest === undefined ? null : { entries: newest.size, at: iso(newest.atMs) },
    waiting: {
      entries: waiting.entries,
      since: waiting.since_ms === null ? null : iso(waiting.since_ms),
    },
    contradicted: audit.sequencer.isContradicted(organisationId),
    verified:
      verified === undefined
        ? null
        : {
            ...{ at: iso(verified.atMs), tookMs: verified.tookMs, entries: verified.entries },
            faults: verified.faults,
            found: verified.found.map(({ what, id, why }) => ({ what, id, why })),
          },
    sent: hook === undefined ? null : { to: hook.host, ...sentView(sent) },
  };
}

function sentView(row: ToldRow | undefined): Omit<NonNullable<AuditHeads['sent']>, 'to'> {
  if (row === undefined) return { last: null, waiting: 0, failing: null };
  const { size, told_ms, failing_ms, attempts, why, waiting } = row;
  const isFailing = failing_ms !== null;
  return {
    last: told_ms === null ? null : { entries: size, at: iso(told_ms) },
    waiting,
    failing: isFailing ? { since: iso(failing_ms), attempts, why: why ?? '' } : null,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
