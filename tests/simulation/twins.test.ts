/** The simulated store answers as PostgreSQL does: the same statements to both, the same answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { AlarmRow } from '../../apps/server/src/alarms/store.ts';
import * as realAlarms from '../../apps/server/src/alarms/store.ts';
import type { Sql } from '../../apps/server/src/database/pool.ts';
import * as realTelemetry from '../../apps/server/src/telemetry/store.ts';
import { freshDatabase } from '../support/database.ts';
import { NOON, ORGANISATION, subjectId } from '../support/line.ts';
import { alarmsTwin } from './alarms-twin.ts';
import { Chance } from './chance.ts';
import { MemoryDatabase } from './memory-database.ts';
import { Scheduler } from './scheduler.ts';
import { telemetryTwin } from './telemetry-twin.ts';
import { CALM } from './weather.ts';

const DAY_MS = 86_400_000;
const LANE = 0;
const PARTITIONS = 4;
const SPANS = [
  { from: 0, until: PARTITIONS },
  { from: 1, until: 3 },
];
const SUBJECTS = [1, 2].map(subjectId);

/** The functions of both, and what each is asked with. */
type Telemetry = Pick<typeof realTelemetry, keyof typeof telemetryTwin>;
type Alarms = Pick<typeof realAlarms, keyof typeof alarmsTwin>;

interface Side {
  readonly sql: Sql;
  readonly telemetry: Telemetry;
  readonly alarms: Alarms;
}

type Question = (side: Side) => Promise<unknown>;

/** A store in memory whose edges let everything pass at once. */
function simulated(): Side {
  const chance = new Chance(1);
  const scheduler = new Scheduler(chance);
  scheduler.pass = () => Promise.resolve();
  const weather = () => CALM;
  const database = new MemoryDatabase({ chance, scheduler, weather, answersBeforeSync: false });
  return { sql: database.connect(undefined), telemetry: telemetryTwin, alarms: alarmsTwin };
}

function chunkOf(chance: Chance): realTelemetry.ChunkRow {
  const firstMs = NOON + chance.below(6) * DAY_MS;
  const sealed = chance.bytes(8);
  // A series is of one subject.
  const seriesId = chance.between(1, 3);
  return {
    organisation_id: ORGANISATION,
    partition: 1,
    subject_id: SUBJECTS[seriesId % 2] as SubjectId,
    series_id: seriesId,
    kind: 'readings',
    first_ms: firstMs,
    last_ms: firstMs + chance.of([0, 1_000, DAY_MS, DAY_MS + 1, 3 * DAY_MS]),
    generation: chance.below(4),
    count: 1,
    bytes: sealed.length,
    sealed,
  };
}

function alarmOf(chance: Chance): AlarmRow {
  const maybe = (ms: number): number | null => (chance.happens(0.5) ? ms : null);
  const episode = chance.of(['raised', 'acknowledged', 'resolved'] as const);
  return {
    organisation_id: ORGANISATION as OrganisationId,
    subject_id: chance.of(SUBJECTS) as SubjectId,
    id: `limit@${chance.below(3)}`,
    is_late_high: false,
    rule_key: 'limit',
    metric: 'spo2',
    priority: chance.of(['low', 'medium', 'high'] as const),
    condition: chance.of(['present', 'absent'] as const),
    episode,
    opened_ms: NOON,
    raised_ms: NOON + chance.below(3) * DAY_MS,
    condition_ended_ms: maybe(NOON + 2),
    acknowledged_ms: episode === 'acknowledged' ? NOON + chance.between(3, 5) : null,
    acknowledged_by: null,
    resolved_ms: maybe(NOON + 4),
    calls: chance.between(1, 3),
    detail_sealed: chance.bytes(4),
  };
}

function questionOf(chance: Chance): Question {
  const table = chance.of(['log_2026011512', 'log_2026011513']);
  const mark = { lane: LANE, fence: chance.between(1, 3), sequence: chance.between(1, 9) };
  const spans = [1, 2, 3].map((id) => {
    const fromMs = NOON + chance.between(-2, 6) * DAY_MS;
    return { id, fromMs, toMs: fromMs + chance.between(1, 4) * DAY_MS };
  });
  const asked = { partition: 1, subjectId: chance.of(SUBJECTS), series: spans };
  const some = chance.below(3);
  const chunks = [chunkOf(chance), chunkOf(chance)];
  const alarms = [alarmOf(chance)];
  const transition = { organisation_id: ORGANISATION, at_ms: NOON + chance.below(3) * DAY_MS };
  const what = chance.of(['raised', 'returned@5', 'passed@6']);
  const row = { lane: LANE, sequence: mark.sequence, fence: mark.fence, base_ms: NOON };
  return chance.of<Question>([
    ({ sql, telemetry }) => telemetry.takeLane(sql, LANE),
    ({ sql, telemetry }) =>
      telemetry.appendLogRow(sql, table, { ...row, sealed: new Uint8Array([1]) }),
    ({ sql, telemetry }) => telemetry.lastSequence(sql, LANE, ['log_2026011512', 'log_2026011513']),
    ({ sql, telemetry }) => telemetry.writeCheckpoints(sql, { ...mark, span: chance.of(SPANS) }),
    async ({ sql, telemetry }) => [...(await telemetry.readCheckpoints(sql, LANE))].sort(),
    ({ sql, telemetry }) => telemetry.insertChunks(sql, chunks),
    ({ sql, telemetry }) => telemetry.chunksBetween(sql, asked),
    async ({ sql, telemetry }) => {
      const sequences: number[] = [];
      for await (const one of telemetry.logRowsAfter(sql, table, { lane: LANE, sequence: some }))
        sequences.push(one.sequence);
      return sequences;
    },
    ({ sql, alarms: store }) => store.writeAlarms(sql, alarms),
    ({ sql, alarms: store }) =>
      store.writeTransitions(sql, [
        { ...transition, subject_id: SUBJECTS[0] as SubjectId, alarm_id: 'a', cause: what, what },
      ]),
    ({ sql, alarms: store }) => store.readAlarms(sql, NOON + some * DAY_MS),
    ({ sql, alarms: store }) => store.readReturns(sql, NOON + some * DAY_MS),
  ]);
}

/** Bytes by their content, and rows in one order: PostgreSQL promises none where none is asked for. */
function plain(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return answer.map((row: unknown) => JSON.stringify(plainRow(row))).sort();
}

function plainRow(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return row;
  return Object.entries(row)
    .map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value as unknown),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

test('four hundred statements, on both stores', async () => {
  await using database = await freshDatabase();
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const sides: readonly Side[] = [
    { sql: database.line, telemetry: realTelemetry, alarms: realAlarms },
    simulated(),
  ];
  for (const { sql, telemetry } of sides) {
    for (const table of ['log_2026011512', 'log_2026011513'])
      await telemetry.createLogTable(sql, table);
  }
  const chance = new Chance(7);
  for (let i = 0; i < 400; i += 1) {
    const question = questionOf(chance);
    const [real, twin] = await Promise.all(sides.map(async (side) => plain(await question(side))));
    assert.deepEqual(twin, real, `statement ${i}: ${question}`);
  }
});
