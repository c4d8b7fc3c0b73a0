/** How many alarms there were, and who answered them: GET /api/alarm-statistics. Counts, and nobody's name. */
import type { AlarmStatistics } from '@ausculta/contract/alarm-statistics';
import { type Burden, burdenOf } from '@ausculta/rules/burden/alarm-burden';
import type { RecordedAlarm } from '@ausculta/rules/burden/recorded-alarm';
import { suggestionFor } from '@ausculta/rules/burden/suggestions';
import { ADULT_WARD } from '@ausculta/rules/protocol/library';
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Viewer } from '../access/viewer.ts';
import { noteRead } from '../audit/noted-reads.ts';
import type { ReadAs } from '../database/readers.ts';
import { callerOf, ofEach, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { Time } from '../telemetry/questions.ts';
import { patientDays, type ReviewPorts, reviewed } from './reviewed.ts';
import { type LookedBack, raisedWithin } from './store.ts';

/** A week of 500 beds, or a quarter of 40, with 5 alarms a bed and day; counted in some 20 ms. */
const ALARMS_MAX = 20_000;
const SPAN_MAX_MS = 92 * 86_400_000;
const WORST = 10;

export const AlarmStatisticsQuery = z
  .object({ from: Time, to: Time, ward: z.string().min(1).max(50).optional() })
  .refine(({ from, to }) => from < to && to - from <= SPAN_MAX_MS);

export interface StatisticsPorts extends ReviewPorts {
  readonly read: ReadAs;
}

export function statisticsRoutes(app: FastifyInstance, ports: StatisticsPorts): void {
  const config = ofEach('read', 'alarms');

  app.get('/api/alarm-statistics', { config }, async (request, reply) => {
    const query = AlarmStatisticsQuery.safeParse(request.query);
    if (!query.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { from: fromMs, to: toMs, ward } = query.data;
    const { organisationId } = callerOf(request);
    const viewer = viewerOf(request);
    const { subjects } = reviewed(ports, { organisationId, viewer }, { ward });
    const ids = new Set(subjects.map(({ id }) => id));
    const asked = { fromMs, toMs, limit: ALARMS_MAX + 1 };
    const rows = await ports.read(organisationId, (sql) =>
      raisedWithin(sql, organisationId, asked),
    );
    if (rows.length > ALARMS_MAX) {
      const why = `more than ${ALARMS_MAX} alarms: ask for less time`;
      return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
    }
    const alarms = rows.filter((row) => isSeen(row, ids, viewer)).map(recorded);
    noteRead(request, new Set(alarms.map(({ subject }) => subject)), { act: 'search' });
    const days = patientDays(ports.registry.devices.values(), ids, { fromMs, toMs });
    const burden = burdenOf(alarms, { fromMs, untilMs: toMs, patientDays: days });
    return { fromMs, toMs, patients: ids.size, ...answer(burden) } satisfies AlarmStatistics;
  });
}

/** Whoever sees somebody's time on a ward alone counts that time alone. */
function isSeen(row: LookedBack, ids: ReadonlySet<SubjectId>, viewer: Viewer): boolean {
  if (!ids.has(row.subject_id)) return false;
  const { fromMs, toMs } = viewer.spanOf(row.subject_id) ?? { fromMs: -Infinity, toMs: Infinity };
  return fromMs <= row.raised_ms && row.raised_ms < toMs;
}

function recorded(row: LookedBack): RecordedAlarm {
  return {
    subject: row.subject_id,
    rule: row.rule_key,
    priority: row.priority,
    raisedMs: row.raised_ms,
    endedMs: row.condition_ended_ms ?? undefined,
    acknowledgedMs: row.acknowledged_ms ?? undefined,
  };
}

function answer(burden: Burden): Omit<AlarmStatistics, 'fromMs' | 'toMs' | 'patients'> {
  return {
    ...burden,
    floods: [...burden.floods],
    rules: [...burden.rules],
    worst: burden.rules.slice(0, WORST).map((rule) => suggestionFor(rule, ADULT_WARD)),
  };
}
