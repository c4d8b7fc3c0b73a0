/** Readings, trends and waveforms over HTTP. */
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { type ReadingLine, type Trend, WAVEFORM_QUERY_MAX_MS } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import { flagNames } from '@ausculta/vitals/reading';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { SeriesRange, Span } from './queries.ts';
import type { Telemetry } from './telemetry.ts';
import { trendLane } from './trend.ts';

/** A lane is never drawn wider than a screen. */
const TREND_POINTS_MAX = 4_000;
const METRICS_MAX = 32;

/** Lines written before the socket gets a chance to say that it is full. */
const LINES_AT_ONCE = 2_000;

const Ms = z.coerce.number().int().min(-8.64e15).max(8.64e15);
const Metrics = z
  .string()
  .min(1)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().min(1)).max(METRICS_MAX));

const ReadingsQuery = z.object({ metric: Metrics, from: Time().optional(), to: Time().optional() });
const TrendQuery = z.object({
  metrics: Metrics,
  from: Ms,
  to: Ms,
  points: z.coerce.number().int().min(10).max(TREND_POINTS_MAX).default(1_000),
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
}

export function telemetryRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const { telemetry } = ports;
  const config = { access: 'clinician' } as const;

  app.get('/api/subjects/:id/readings', { config }, async (request: SubjectRequest, reply) => {
    const asked = question(request, ReadingsQuery, ports);
    if (asked === undefined) return await refuse(reply, request, ports);
    const { subject, query } = asked;
    const span = { fromMs: query.from ?? -8.64e15, toMs: query.to ?? 8.64e15 };
    const ranges = await telemetry.range({ subjectId: subject.id, metrics: query.metric, ...span });
    reply.hijack();
    await writeLines(reply, ranges);
    return reply;
  });

  app.get('/api/subjects/:id/trend', { config }, async (request: SubjectRequest, reply) => {
    const asked = question(request, TrendQuery, ports);
    if (asked === undefined || asked.query.to <= asked.query.from)
      return await refuse(reply, request, ports);
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const ranges = await telemetry.range({
      subjectId: subject.id,
      metrics: query.metrics,
      ...span,
    });
    const lanes = ranges.map((found) => trendLane(found, span, query.points));
    return { ...span, lanes } satisfies Trend;
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

/** One JSON object a line, in time order, as fast as the reader takes them. */
async function writeLines(reply: FastifyReply, ranges: readonly SeriesRange[]): Promise<void> {
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  let text = '';
  let lines = 0;
  for (const line of inTimeOrder(ranges)) {
    text += `${JSON.stringify(line)}\n`;
    lines += 1;
    if (lines % LINES_AT_ONCE !== 0) continue;
    const isFull = !raw.write(text);
    text = '';
    if (isFull && !raw.destroyed) {
      await new Promise<void>((resolve) => {
        raw.once('drain', resolve);
        raw.once('close', resolve);
      });
    }
    if (raw.destroyed) return;
  }
  raw.end(text);
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
