/** `$export` over HTTP: asked for, looked after, fetched file by file, given up. */
import { Readable } from 'node:stream';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Group } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { subjectsTold } from '../../access/document-facts.ts';
import { noteRead, writeNoted } from '../../audit/noted-reads.ts';
import { inView } from '../../database/viewing.ts';
import { callerOf } from '../../people/access.ts';
import { FHIR_BASE } from '../../people/problem.ts';
import { type Answer, NOT_HERE, outcomeOf, refuse } from '../answer.ts';
import { baseOf, prefers, sendRefusal } from '../http-answer.ts';
import { fhirKnowledge } from '../knowledge.ts';
import type { Repository } from '../repository.ts';
import { EXPORT_ROUTE, type OfInstance } from '../route-kind.ts';
import { issuesOf } from '../search-answer.ts';
import { SINCE_MEASURED } from './everything.ts';
import { membersOf, readExportAsked } from './export-asked.ts';
import { type TypeFilter, understand } from './export-filters.ts';
import { keptFilters, parserOf, understoodFilters } from './export-kept-filters.ts';
import { type LinePorts, linesOf } from './export-lines.ts';
import type { ExportRow } from './export-store.ts';
import type { ExportAsked, Exports } from './exports.ts';
import { readAsked } from './parameters.ts';

const NDJSON = 'application/fhir+ndjson';
const LOOK_AGAIN_S = 1;

interface OfExport {
  readonly Params: { readonly job: string };
}

interface OfFile {
  readonly Params: { readonly job: string; readonly file: string };
}

export interface ExportPorts extends LinePorts {
  readonly exports: Exports;
}

export function exportRoutes(app: FastifyInstance, ports: ExportPorts): void {
  const { exports } = ports;
  for (const [path, level] of [
    ['/$export', 'system'],
    ['/Patient/$export', 'patient'],
    ['/Group/:id/$export', 'group'],
  ] as const) {
    const begin = (request: FastifyRequest, reply: FastifyReply) =>
      beginExport(ports, level, request, reply);
    app.get(path, EXPORT_ROUTE, begin);
    app.post(path, EXPORT_ROUTE, begin);
  }
  app.get<OfExport>('/$export/:job', EXPORT_ROUTE, async (request, reply) => {
    const row = await exportOf(exports, request);
    if (row === undefined) return await sendRefusal(reply, NO_EXPORT.refusal);
    return await tellExport(ports, row, request, reply);
  });
  app.delete<OfExport>('/$export/:job', EXPORT_ROUTE, async (request, reply) => {
    const row = await exportOf(exports, request);
    const { organisationId } = callerOf(request);
    if (row === undefined || !(await exports.end(organisationId, row.id)))
      return await sendRefusal(reply, NO_EXPORT.refusal);
    return await reply.code(202).send();
  });
  app.get<OfFile>('/$export/:job/:file', EXPORT_ROUTE, (request, reply) =>
    sendFile(ports, request, reply),
  );
}

const NO_EXPORT = refuse(404, {
  code: 'not-found',
  text: 'There is no such export: it has expired, was given up, or ended when a patient was erased.',
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function exportOf(
  exports: Exports,
  request: FastifyRequest<OfExport>,
): Promise<ExportRow | undefined> {
  const { job } = request.params;
  return UUID.test(job) ? await exports.read(callerOf(request).organisationId, job) : undefined;
}

const FILTER = '_typeFilter';

type Level = 'system' | 'patient' | 'group';

async function beginExport(
  { exports, repository }: ExportPorts,
  level: Level,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!prefers(request, 'respond-async')) return await sendRefusal(reply, NOT_ASYNC.refusal);
  const given = readAsked(request);
  if (!given.ok) return await sendRefusal(reply, given.refusal);
  const { resourceTypes } = (await fhirKnowledge()).definitions;
  const isOfPatients = level !== 'system';
  const asked = readExportAsked(given.value, { resourceTypes, isOfPatients });
  if (!asked.ok) return await sendRefusal(reply, asked.refusal);
  const isStrict = prefers(request, 'handling=strict');
  const parse = parserOf(repository, { isStrict });
  const filters = await understand(asked.value.typeFilters, parse);
  if (!filters.ok) return await sendRefusal(reply, filters.refusal);
  const { organisationId, accountId: actor } = callerOf(request);
  const { patients: named, ...understood } = asked.value;
  let patients: ExportAsked['patients'] = named ?? null;
  if (level === 'group') {
    const { id } = request.params as OfInstance['Params'];
    const group = await repository.read(organisationId, { type: 'Group', id });
    if (!group.ok) return await sendRefusal(reply, group.refusal);
    const members = membersOf(JSON.parse(group.value.text ?? '{}') as Group);
    const within = among(members, named);
    if (!within.ok) return await sendRefusal(reply, within.refusal);
    patients = within.value;
  }
  // What it may quote is kept apart, sealed.
  const texts = new URLSearchParams([...given.value.texts].filter(([name]) => name !== FILTER));
  const path = request.url.slice(FHIR_BASE.length).split('?')[0] ?? '';
  const id = await exports.begin({
    ...{ organisationId, actor, of_patients: isOfPatients, ...understood },
    patients: patients && withBehind(patients, repository),
    request: texts.size === 0 ? path : `${path}?${texts}`,
  });
  if (id === undefined) {
    reply.header('retry-after', '60');
    return await sendRefusal(reply, TOO_MANY.refusal);
  }
  reply.header('content-location', `${baseOf(request)}/$export/${id}`);
  return await reply.code(202).send();
}

/** What was written of a record that was merged into theirs is of them. */
function withBehind(
  ids: readonly SubjectId[],
  { behind }: Pick<Repository, 'behind'>,
): readonly SubjectId[] {
  return [...new Set(ids.flatMap((id) => [id, ...behind(id)]))];
}

/** Who is named and not of the group is not told of by way of it. */
function among<T>(members: readonly T[], named: readonly T[] | undefined): Answer<readonly T[]> {
  if (named === undefined) return { ok: true, value: members };
  const isMember = named.every((one) => members.includes(one));
  return isMember ? { ok: true, value: named } : NOT_HERE;
}

const NOT_ASYNC = refuse(400, {
  code: 'required',
  text: 'An export is prepared beside: ask with Prefer: respond-async, and follow Content-Location.',
});

const TOO_MANY = refuse(429, {
  code: 'throttled',
  text: 'Some exports are being prepared already. Wait for one of them, or give one up.',
});

async function tellExport(
  { exports, repository }: ExportPorts,
  row: ExportRow,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { organisation_id: organisationId, id, asked_ms: askedMs, expires_ms: expiresMs } = row;
  const files = await exports.files(organisationId, id);
  if (!row.is_ready) {
    const found = files.reduce((sum, { count }) => sum + count, 0);
    reply.header('x-progress', `${found} resources found, now at ${row.at_type}`);
    reply.header('retry-after', String(LOOK_AGAIN_S));
    return await reply.code(202).send();
  }
  const base = baseOf(request);
  const at = (name: string | number) => `${base}/$export/${id}/${name}`;
  const { ignored } = await understoodFilters(repository, row);
  const isTold = row.unreadable.length > 0 || isBySince(row) || ignored.length > 0;
  reply.header('expires', new Date(expiresMs).toUTCString());
  return await reply.type('application/json').send({
    transactionTime: new Date(askedMs).toISOString(),
    request: `${base}${requestOf(row, await keptFilters(repository, row))}`,
    requiresAccessToken: true,
    output: files.map(({ file, type, subject_id: subjectId, count }) => ({
      ...{ type, url: at(file) },
      // Readings are counted by whoever reads them.
      ...(subjectId === null && { count }),
    })),
    error: isTold ? [{ type: 'OperationOutcome', url: at('error') }] : [],
  });
}

function requestOf({ request }: ExportRow, filters: readonly TypeFilter[]): string {
  const told = filters.map(({ type, query }): [string, string] => [FILTER, `${type}?${query}`]);
  const more = new URLSearchParams(told).toString();
  return more === '' ? request : `${request}${request.includes('?') ? '&' : '?'}${more}`;
}

function isBySince({ since_ms: sinceMs, types }: ExportRow): boolean {
  return sinceMs !== null && (types?.includes('Observation') ?? true);
}

async function sendFile(
  ports: ExportPorts,
  request: FastifyRequest<OfFile>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const row = await exportOf(ports.exports, request);
  if (row === undefined || !row.is_ready) return await sendRefusal(reply, NO_EXPORT.refusal);
  const { file } = request.params;
  if (file === 'error') {
    const { ignored } = await understoodFilters(ports.repository, row);
    return await reply.type(NDJSON).send(errorLines(row, ignored));
  }
  if (!/^[1-9]\d{0,8}$/.test(file)) return await sendRefusal(reply, NOT_HERE.refusal);
  const { organisation_id: organisationId, id: exportId } = row;
  const found = await ports.exports.file(organisationId, { exportId, file: Number(file) });
  if (found === undefined) return await sendRefusal(reply, NOT_HERE.refusal);
  const lines = notedLines(request, linesOf(ports, row, found), found);
  return await reply.type(NDJSON).send(Readable.from(inView(lines)));
}

function errorLines(row: ExportRow, ignored: readonly string[]): string {
  const damaged = row.unreadable.map((name) => ({
    ...{ severity: 'error', code: 'exception' },
    details: { text: 'The resource is damaged and is in no file: ausculta verify names it.' },
    diagnostics: name,
  })) as Parameters<typeof outcomeOf>[0];
  const passedOver = issuesOf({ ignored }, { isUnreadable: false });
  const issues = [...damaged, ...passedOver, ...(isBySince(row) ? [SINCE_MEASURED] : [])];
  return issues.map((issue) => `${JSON.stringify(outcomeOf([issue]))}\n`).join('');
}

/** No piece of a file leaves before it is written down whom it tells of. */
async function* notedLines(
  request: FastifyRequest,
  lines: AsyncIterable<string>,
  { type }: { readonly type: string },
): AsyncGenerator<string> {
  for await (const piece of lines) {
    noteRead(request, subjectsTold(piece), { act: 'export', type });
    await writeNoted(request);
    yield piece;
  }
}
