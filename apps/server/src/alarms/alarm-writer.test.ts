/** What the database refuses must not keep the other alarms from being written; what it cannot take now waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import type { Sql } from '../database/pool.ts';
import { holdLane, PostgresLog } from '../telemetry/postgres-log.ts';
import { AlarmWriter, type AlarmWriterPorts } from './alarm-writer.ts';
import { type AlarmRow, readAlarms } from './store.ts';

const rowOf = (id: string, metric = 'spo2'): AlarmRow => ({
  organisation_id: ORGANISATION,
  subject_id: subjectId(1),
  id,
  rule_key: 'limit/spo2/low',
  metric,
  priority: 'medium',
  condition: 'present',
  episode: 'raised',
  opened_ms: NOON,
  raised_ms: NOON,
  condition_ended_ms: null,
  acknowledged_ms: null,
  acknowledged_by: null,
  calls: 1,
  is_late_high: false,
  resolved_ms: null,
  detail_sealed: null,
});

const raised = (id: string) => ({ what: 'raised', cause: `raised ${id}`, atMs: NOON });

/** A server that has been replaced ends; until then it tries. */
const TRIES = 3;

function openWriter(
  sql: Sql,
  hold: AlarmWriterPorts['holdLane'] = () => Promise.resolve(),
): { writer: AlarmWriter; problems: string[]; takenOver: string[] } {
  const problems: string[] = [];
  const takenOver: string[] = [];
  const writer = new AlarmWriter({
    sql,
    holdLane: hold,
    after: (_, run) => {
      if (takenOver.length < TRIES) setImmediate(run);
    },
    onProblem: (what) => problems.push(what),
    onTakenOver: (why) => takenOver.push(why),
  });
  return { writer, problems, takenOver };
}

const NO_METRIC = '';

test('a row that the database refuses is left out; those beside and after it are written', async () => {
  await using database = await freshDatabase();
  const { writer, problems } = openWriter(database.line);
  for (const [id, metric] of [['a'], ['b', NO_METRIC], ['c']] as const) {
    writer.write(rowOf(id, metric), raised(id));
  }
  await writer.settle();
  writer.write(rowOf('d'), raised('d'));
  await writer.settle();
  const written = (await readAlarms(database.line, 0)).map(({ id }) => id);
  assert.deepEqual(written.sort(), ['a', 'c', 'd']);
  assert.ok(problems.length > 0, 'it is told');
});

test('while the store is away nothing is left out', async () => {
  await using database = await freshDatabase();
  let isAway = true;
  const sql = new Proxy(database.line, {
    get(target, name) {
      if (name !== 'begin' || !isAway) return Reflect.get(target, name) as unknown;
      isAway = false;
      return () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    },
  });
  const { writer, problems } = openWriter(sql);
  for (const id of ['a', 'b']) writer.write(rowOf(id), raised(id));
  await writer.settle();
  const written = (await readAlarms(database.line, 0)).map(({ id }) => id);
  assert.deepEqual(written.sort(), ['a', 'b']);
  assert.deepEqual(problems, ['write alarms']);
});

test('a server that was replaced writes no alarm, and tells nobody that it has', async () => {
  await using database = await freshDatabase();
  const owner = await PostgresLog.takeOver(database.line);
  const { writer, problems, takenOver } = openWriter(database.line, (tx) => holdLane(tx, owner));
  writer.write(rowOf('before'), raised('before'));
  await writer.settle();
  await PostgresLog.takeOver(database.line);
  writer.write(rowOf('after'), raised('after'));
  const isSettled = writer.settle().then(() => true);
  while (takenOver.length < TRIES) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await Promise.race([isSettled, Promise.resolve(false)]), false);
  const written = (await readAlarms(database.line, 0)).map(({ id }) => id);
  assert.deepEqual(written, ['before']);
  assert.deepEqual(problems, []);
});
