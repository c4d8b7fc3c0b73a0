/** Readings, trends and waveforms over HTTP. */
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import {
  type EventList,
  type ReadingLine,
  type Trend,
  WAVEFORM_QUERY_MAX_MS,
} from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import { flagNames } from '@ausculta/vitals/reading';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { FIRST_EVENTS, parseCursor } from './events.ts';
import { ALL_TIME, type SeriesRange, type Span } from './merge.ts';
import type { Telemetry } from './telemetry.ts';
import { TrendLanes } from './trend.ts';

/** A lane is never drawn wider than a screen. */
const TREND_POINTS_MAX = 4_000;
const METRICS_MAX = 32;

/** A screen's worth, and what an answer may hold. */
const EVENTS_DEFAULT = 200;
const EVENTS_MAX = 1_000;

/** Three months of one vital at 1 Hz, or a fortnight of six: some seconds of reading. */
const TREND_READINGS_MAX = 8_000_000;

/** Lines written before the socket gets a chance to say that it is full. */
const LINES_AT_ONCE = 2_000;

const Ms = z.coerce.number().int().min(ALL_TIME.fromMs).max(ALL_TIME.toMs);
const Metrics = z
  .string()
  .min(1)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().min(1)).max(METRICS_MAX));

const ReadingsQuery = z.object({
  metric: Metrics,
  from: Time().optional(),
  to: Time().optional(),
  limit: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
});
const TrendQuery = z.object({
  metrics: Metrics,
  from: Ms,
  to: Ms,
  points: z.coerce.number().int().min(10).max(TREND_POINTS_MAX).default(1_000),
});
const EventQuery = z.object({
  from: Time().default(ALL_TIME.fromMs),
  to: Time().default(ALL_TIME.toMs),
  limit: z.coerce.number().int().min(1).max(EVENTS_MAX).default(EVENTS_DEFAULT),
  cursor: z
    .string()
    .transform((text, context) => {
      const cursor = parseCursor(text);
      if (cursor !== undefined) return cursor;
      context.addIssue({ code: 'custom', message: 'not the cursor of an answer' });
      return z.NEVER;
    })
    .default(FIRST_EVENTS),
});
const WaveformQuery = z.object({ metrics: Metrics, from: Ms, to: Ms });

/** Milliseconds since 1970, or ISO 8601 with a zone. */
function Time() {
  return z.union([Ms, z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))]);
}

type SubjectRequest = FastifyRequest<{ Params: { id: string } }>;

export interface TelemetryRoutePorts {
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly onProblem: (what: string, error: unknown) => void;
}

export function telemetryRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const { telemetry } = ports;
  const config = { access: 'clinician' } as const;

  app.get('/api/subjects/:id/readings', { config }, async (request: SubjectRequest, reply) => {
    const read = question(request, ReadingsQuery, ports);
    if (read === undefined) return await refuse(reply, request, ports);
    const { subject, query } = read;
    const span = { fromMs: query.from ?? ALL_TIME.fromMs, toMs: query.to ?? ALL_TIME.toMs };
    const asked = { subjectId: subject.id, metrics: query.metric, ...span, newestFirst: false };
    reply.hijack();
    try {
      await writeLines(reply, telemetry.windows(asked), query.limit ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      // Half an answer must not look like a whole one: its end is missing.
      reply.raw.destroy();
      ports.onProblem('write readings', error);
    }
    return reply;
  });

  app.get('/api/subjects/:id/events', { config }, async (request: SubjectRequest, reply) => {
    const read = question(request, EventQuery, ports);
    if (read === undefined) return await refuse(reply, request, ports);
    const { from: fromMs, to: toMs, limit, cursor: after } = read.query;
    const { organisationId, id: subjectId } = read.subject;
    const asked = { organisationId, subjectId, fromMs, toMs, after, limit };
    return (await telemetry.events(asked)) satisfies EventList;
  });

  app.get('/api/subjects/:id/trend', { config }, async (request: SubjectRequest, reply) => {
    const asked = question(request, TrendQuery, ports);
    if (asked === undefined || asked.query.to <= asked.query.from)
      return await refuse(reply, request, ports);
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const trend = new TrendLanes(span, query.points);
    const wide = { subjectId: subject.id, metrics: query.metrics, ...span, newestFirst: false };
    for await (const ranges of telemetry.windows(wide)) {
      for (const found of ranges) trend.add(found);
      if (trend.readings > TREND_READINGS_MAX) {
        const why = `more than ${TREND_READINGS_MAX} readings: ask for a shorter time`;
        return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
      }
      if (request.raw.destroyed) return reply;
    }
    return { ...span, lanes: trend.lanes() } satisfies Trend;
  });

  app.get('/api/subjects/:id/waveforms', { config }, async (request: SubjectRequest, reply) => {
    const asked = question(request, WaveformQuery, ports);
    const isShort =
      asked !== undefined && asked.query.to - asked.query.from <= WAVEFORM_QUERY_MAX_MS;
    if (asked === undefined || !isShort || asked.query.to <= asked.query.from) {
      return await refuse(reply, request, ports);
    }
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const runs = await telemetry.waveforms({
      subjectId: subject.id,
      metrics: query.metrics,
      ...span,
    });
    const whole = runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
    const block = encodeRuns(whole, NO_COMPRESSION);
    if (!block.ok) return await sendFault(reply, block.fault);
    return await reply.type('application/octet-stream').send(Buffer.from(block.value));
  });
}

function question<T>(
  request: SubjectRequest,
  schema: z.ZodType<T>,
  ports: TelemetryRoutePorts,
): { subject: RegisteredSubject; query: T } | undefined {
  const subject = subjectOf(ports.registry, callerOf(request).organisationId, request.params.id);
  const query = schema.safeParse(request.query);
  return subject === undefined || !query.success ? undefined : { subject, query: query.data };
}

async function refuse(reply: FastifyReply, request: SubjectRequest, ports: TelemetryRoutePorts) {
  const subject = subjectOf(ports.registry, callerOf(request).organisationId, request.params.id);
  const code = subject === undefined ? 'NOT_FOUND' : 'PAYLOAD_MALFORMED';
  return await sendFault(reply, fail(code).fault);
}

/** One JSON object a line, in time order, read from the database as fast as the reader takes them. */
async function writeLines(
  reply: FastifyReply,
  windows: AsyncIterable<readonly SeriesRange[]>,
  limit: number,
): Promise<void> {
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  let lines = 0;
  for await (const ranges of windows) {
    let text = '';
    for (const line of inTimeOrder(ranges)) {
      text += `${JSON.stringify(line)}\n`;
      lines += 1;
      if (lines === limit) break;
      if (lines % LINES_AT_ONCE !== 0) continue;
      await written(raw, text);
      text = '';
      if (raw.destroyed) return;
    }
    await written(raw, text);
    if (raw.destroyed || lines === limit) break;
  }
  raw.end();
}

/** Resolves when there is room for more, or nobody is left to read it. */
async function written(raw: FastifyReply['raw'], text: string): Promise<void> {
  if (text === '' || raw.write(text) || raw.destroyed) return;
  await new Promise<void>((resolve) => {
    raw.once('drain', resolve);
    raw.once('close', resolve);
  });
}

function* inTimeOrder(ranges: readonly SeriesRange[]): Generator<ReadingLine> {
  const at = ranges.map(() => 0);
  for (;;) {
    let next = -1;
    for (let r = 0; r < ranges.length; r += 1) {
      const timeMs = ranges[r]?.timesMs[at[r] as number];
      if (timeMs === undefined) continue;
      const bestMs = next < 0 ? undefined : ranges[next]?.timesMs[at[next] as number];
      if (bestMs === undefined || timeMs < bestMs) next = r;
    }
    const range = ranges[next];
    if (range === undefined) return;
    yield lineOf(range, at[next] as number);
    at[next] = (at[next] as number) + 1;
  }
}

function lineOf(range: SeriesRange, index: number): ReadingLine {
  const { metric, deviceId } = range.series;
  return {
    stamp: new Date(range.stampsMs[index] as number).toISOString(),
    time: new Date(range.timesMs[index] as number).toISOString(),
    value: range.values[index] as number,
    unit: metric.unit,
    flags: flagNames(range.flags[index] as number),
    device: deviceId,
    metric: metric.key,
  };
}
